// Reads our Parquet files with hyparquet, which is written in JavaScript alone. See parquet-rows.mjs.
import { asyncBufferFromFile, parquetMetadataAsync, parquetQuery, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { run } from './parquet-rows.mjs';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
const parsers = { timestampFromMicroseconds: micros => micros, stringFromBytes: bytes => bytes && utf8.decode(bytes) };

function type({ type, converted_type: converted, logical_type: logical, precision, scale }) {
  switch (converted) {
    case 'INT_32':
      return 'int32';
    case 'INT_64':
      return 'int64';
    case 'UTF8':
      return 'text';
    case 'TIMESTAMP_MICROS':
      return logical.isAdjustedToUTC && logical.unit === 'MICROS' ? 'timestamp' : 'local time';
    case 'DECIMAL':
      return type === (precision > 9 ? 'INT64' : 'INT32') && logical.precision === precision && logical.scale === scale ? `decimal(${precision},${scale})` : 'other decimal';
    default:
      return `${type} ${converted}`;
  }
}

/** The columns, and the metadata without the meaning of decimals, which would be made floats. */
function schema(metadata) {
  const [, ...leaves] = metadata.schema;
  const columns = leaves.map(leaf => `${leaf.name} ${type(leaf)}`);
  for (const leaf of leaves.filter(leaf => leaf.converted_type === 'DECIMAL')) {
    delete leaf.converted_type;
    delete leaf.logical_type;
  }
  return { columns, names: leaves.map(leaf => leaf.name) };
}

async function read(path) {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file, { parsers });
  const { columns, names } = schema(metadata);
  const objects = await parquetReadObjects({ file, metadata, compressors, parsers });
  return { columns, rows: objects.map(row => names.map(name => row[name].toString())) };
}

const value = ({ type }, text) => type === 'text' ? text : type === 'int32' ? Number(text) : BigInt(text);

let bytes = 0;

async function filter(path, query) {
  const inner = await asyncBufferFromFile(path);
  const file = {
    byteLength: inner.byteLength,
    slice: (start, end = inner.byteLength) => {
      bytes += end - start;
      return inner.slice(start, end);
    },
  };
  const metadata = await parquetMetadataAsync(inner, { parsers });
  const found = await parquetQuery({
    file, metadata, compressors, parsers,
    columns: ['row'],
    usePageIndex: true,
    useOffsetIndex: true,
    filter: { [query.column]: { $gte: value(query, query.low), $lte: value(query, query.high) } },
  });
  return found.map(({ row }) => row.toString());
}

await run(read, filter, () => [bytes.toString()]);
