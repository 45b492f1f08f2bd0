// Reads our Parquet files with arrow-rs, the reference implementation in Rust. See parquet-rows.mjs.
import * as fs from 'node:fs';
import * as arrow from 'apache-arrow';
import { readParquet } from 'parquet-wasm';
import { run } from './parquet-rows.mjs';

const { DataType } = arrow;

function name(type) {
  if (DataType.isInt(type)) return `${type.isSigned ? '' : 'u'}int${type.bitWidth}`;
  if (DataType.isTimestamp(type)) return type.unit === arrow.TimeUnit.MICROSECOND && type.timezone === 'UTC' ? 'timestamp' : `${type}`;
  if (DataType.isDecimal(type)) return `decimal(${type.precision},${type.scale})`;
  return DataType.isUtf8(type) ? 'text' : `${type}`;
}

/** The values of a column as texts, from its buffers: what they are made into on the way would not be exact. */
function cells(vector) {
  return vector.data.flatMap(data => {
    if (data.nullCount > 0) throw new Error('nulls');
    const all = Array.from({ length: data.length }, (_, row) => row);
    const bytes = Buffer.from(data.values.buffer, data.values.byteOffset, data.values.byteLength);
    if (DataType.isUtf8(data.type)) return all.map(row => bytes.toString('utf8', data.valueOffsets[row], data.valueOffsets[row + 1]));
    const width = data.type.bitWidth ?? 64;
    return all.map(row => {
      let value = 0n;
      for (let i = (width / 8) - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[(row * width / 8) + i]);
      return BigInt.asIntN(width, value).toString();
    });
  });
}

function table(path, options) {
  return arrow.tableFromIPC(readParquet(fs.readFileSync(path), options).intoIPCStream());
}

function read(path) {
  const whole = table(path);
  const columns = whole.schema.fields.map((_, i) => cells(whole.getChildAt(i)));
  return {
    columns: whole.schema.fields.map(field => `${field.name} ${name(field.type)}`),
    rows: Array.from({ length: whole.numRows }, (_, row) => columns.map(column => column[row])),
  };
}

/** Some rows by their position; there are no filters on values. */
function filter(path, { low, high }) {
  const offset = Math.max(0, Number(low));
  return cells(table(path, { columns: ['row'], offset, limit: Number(high) - offset + 1 }).getChild('row'));
}

await run(read, filter);
