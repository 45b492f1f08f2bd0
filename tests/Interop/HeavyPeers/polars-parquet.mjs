// Reads our Parquet files with Polars. See ../Peers/parquet-rows.mjs.
import pl from 'nodejs-polars';
import { run, unscaled } from '../Peers/parquet-rows.mjs';

function name({ variant, inner }) {
  switch (variant) {
    case 'Int32':
      return 'int32';
    case 'Int64':
      return 'int64';
    case 'Utf8':
    case 'String':
      return 'text';
    case 'Datetime':
      return inner[0] === 'us' && inner[1] === 'UTC' ? 'timestamp' : `datetime ${inner}`;
    case 'Decimal':
      return `decimal(${inner[0]},${inner[1]})`;
    default:
      return variant;
  }
}

function cells(column) {
  switch (column.dtype.variant) {
    case 'Datetime':
      return column.cast(pl.Int64, true).cast(pl.Utf8, true).toArray();
    case 'Decimal':
      return column.cast(pl.Utf8, true).toArray().map(unscaled);
    default:
      return column.cast(pl.Utf8, true).toArray();
  }
}

function read(path) {
  const frame = pl.readParquet(path);
  const columns = frame.columns.map(name => cells(frame.getColumn(name)));
  return {
    columns: frame.columns.map(column => `${column} ${name(frame.schema[column])}`),
    rows: Array.from({ length: frame.height }, (_, row) => columns.map(column => column[row])),
  };
}

function literal(type, text) {
  const decimal = /,(\d+)\)/.exec(type);
  if (type === 'text') return pl.lit(text);
  if (decimal) return pl.lit(text).cast(pl.Decimal(18, Number(decimal[1])));
  const integer = pl.lit(text).cast(pl.Int64); // a BigInt would lose its sign
  return type === 'timestamp' ? integer.cast(pl.Datetime('us', 'UTC')) : integer;
}

function filter(path, { column, type, low, high }) {
  const isInside = pl.col(column).gtEq(literal(type, low)).and(pl.col(column).ltEq(literal(type, high)));
  return cells(pl.scanParquet(path, { useStatistics: true }).filter(isInside).select('row').collectSync().getColumn('row'));
}

await run(read, filter);
