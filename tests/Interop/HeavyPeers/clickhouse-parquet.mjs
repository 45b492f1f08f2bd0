// Reads our Parquet files with ClickHouse: its library chDB, in this process. See ../Peers/parquet-rows.mjs.
import { createRequire } from 'node:module';
import { run, unscaled } from '../Peers/parquet-rows.mjs';

const chdb = createRequire(import.meta.url)('@chdb/lib-linux-x64-gnu');
const connection = chdb.CreateConnection(':memory:');

const settings = `SETTINGS max_threads = 1, input_format_parquet_preserve_order = 1, schema_inference_make_columns_nullable = 0,
  output_format_json_quote_decimals = 1, output_format_decimal_trailing_zeros = 1, input_format_parquet_verify_checksums = 1`;

const query = sql => chdb.QueryWithConnection(connection, `${sql} ${settings}`, 'JSONCompactEachRow').split('\n').filter(line => line !== '').map(line => JSON.parse(line));
const text = value => `'${value.replace(/[\\']/g, '\\$&')}'`;
const quoted = name => '`' + name.replace(/[\\`]/g, '\\$&') + '`';

function name(type) {
  const decimal = /^Decimal\((\d+), (\d+)\)$/.exec(type);
  return { Int32: 'int32', Int64: 'int64', String: 'text', "DateTime64(6, 'UTC')": 'timestamp' }[type]
    ?? (decimal ? `decimal(${decimal[1]},${decimal[2]})` : type);
}

function read(path) {
  const source = `file(${text(path)}, Parquet)`;
  const columns = query(`DESCRIBE TABLE ${source}`).map(([column, type]) => [column, name(type)]);
  const cells = columns.map(([column, type]) => type.startsWith('decimal') ? quoted(column)
    : `toString(${type === 'timestamp' ? `toUnixTimestamp64Micro(${quoted(column)})` : quoted(column)})`);
  const rows = query(`SELECT ${cells.join(', ')} FROM ${source}`);
  return {
    columns: columns.map(column => column.join(' ')),
    rows: rows.map(row => row.map((cell, i) => columns[i][1].startsWith('decimal') ? unscaled(cell) : cell)),
  };
}

function literal(type, value) {
  const decimal = /,(\d+)\)/.exec(type);
  if (type === 'text') return text(value);
  if (type === 'timestamp') return `fromUnixTimestamp64Micro(toInt64(${value}), 'UTC')`;
  return decimal ? `toDecimal64('${value}', ${decimal[1]})` : value;
}

const filter = (path, { column, type, low, high }) => query(`SELECT toString(row) FROM file(${text(path)}, Parquet)
  WHERE ${quoted(column)} >= ${literal(type, low)} AND ${quoted(column)} <= ${literal(type, high)}`).map(([row]) => row);

const events = ['ParquetPrunedRowGroups', 'ParquetReadRowGroups', 'ParquetRowsFilterExpression'];

await run(read, filter, () => events.flatMap(event => query(`SELECT toString(sum(value)) FROM system.events WHERE event = '${event}'`).flat()));
