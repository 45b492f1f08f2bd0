// Reads and writes Arrow with Polars.
//   node polars.mjs read FILE     prints one JSON array a row: values as text, null for nulls
//   node polars.mjs write FOLDER  writes streams (.arrows) and files (.arrow), each with NAME.rows beside it
import * as fs from 'node:fs';
import * as path from 'node:path';
import pl from 'nodejs-polars';

const bits = new DataView(new ArrayBuffer(8));
const float = value => {
  if (Number.isNaN(value)) return 'NaN';
  bits.setFloat64(0, value);
  return bits.getBigUint64(0).toString(16).padStart(16, '0');
};

/** Values as text: integers, decimals and times as stored, floats as the bits of a double. */
function cells(frame, name) {
  const variant = frame.schema[name].variant;
  const as = type => frame.getColumn(name).cast(type, true);
  switch (variant) {
    case 'Float32':
    case 'Float64':
      return frame.getColumn(name).toArray().map(value => value === null ? null : float(value));
    case 'Date':
      return as(pl.Int32).cast(pl.Utf8).toArray();
    case 'Datetime':
    case 'Time':
      return as(pl.Int64).cast(pl.Utf8).toArray();
    case 'Decimal':
      return as(pl.Utf8).toArray().map(value => value === null ? null : BigInt(value.replace('.', '')).toString());
    default:
      return as(pl.Utf8).toArray();
  }
}

function rows(frame) {
  const columns = frame.columns.map(name => cells(frame, name));
  return Array.from({ length: frame.height }, (_, row) => JSON.stringify(columns.map(column => column[row])) + '\n').join('');
}

function read(file) {
  const bytes = fs.readFileSync(file);
  process.stdout.write(rows(file.endsWith('.arrows') ? pl.readIPCStream(bytes) : pl.readIPC(bytes)));
}

function write(folder) {
  const count = 1000;
  const all = make => Array.from({ length: count }, (_, row) => row % 7 === 4 ? null : make(row));
  const numbers = all(row => (row * 7919 % 200) - 100);
  const texts = all(row => row % 3 === 0 ? 'short' : `a text that no view holds in place, ${row % 50} Zoë 日本`);
  const series = {
    i8: pl.Series('i8', numbers).cast(pl.Int8),
    i16: pl.Series('i16', numbers).cast(pl.Int16),
    i32: pl.Series('i32', numbers).cast(pl.Int32),
    i64: pl.Series('i64', all(row => BigInt(row) * 9007199254740993n)).cast(pl.Int64),
    u8: pl.Series('u8', all(row => row % 256)).cast(pl.UInt8),
    u32: pl.Series('u32', all(row => row * 4000000)).cast(pl.UInt32),
    u64: pl.Series('u64', all(row => BigInt(row) * 18446744073709551n)).cast(pl.UInt64),
    f32: pl.Series('f32', all(row => row / 4)).cast(pl.Float32),
    f64: pl.Series('f64', all(row => row === 8 ? NaN : Math.sqrt(row))),
    bool: pl.Series('bool', all(row => row % 5 < 2)),
    text: pl.Series('text', texts),
    category: pl.Series('category', texts).cast(pl.Categorical),
    decimal: pl.Series('decimal', all(row => BigInt(row) * 1000003n)).cast(pl.Int64).cast(pl.Decimal(18, 6)),
    day: pl.Series('day', numbers).cast(pl.Int32).cast(pl.Date),
    ms: pl.Series('ms', numbers).cast(pl.Int64).cast(pl.Datetime('ms')),
    us: pl.Series('us', numbers).cast(pl.Int64).cast(pl.Datetime('us', 'Europe/Zurich')),
    ns: pl.Series('ns', numbers).cast(pl.Int64).cast(pl.Datetime('ns')),
    time: pl.Series('time', all(row => BigInt(row) * 86000000001n)).cast(pl.Int64).cast(pl.Time),
  };
  const frame = pl.DataFrame(Object.values(series));
  const save = (name, part, bytes) => {
    fs.writeFileSync(path.join(folder, name), bytes);
    fs.writeFileSync(path.join(folder, name + '.rows'), rows(part));
  };

  save('all.arrows', frame, frame.writeIPCStream());
  save('all.arrow', frame, frame.writeIPC());
  const part = frame.slice(13, 400);
  save('slice.arrows', part, part.writeIPCStream());
  save('none.arrow', frame.slice(0, 0), frame.slice(0, 0).writeIPC());
  save('zstd.arrow', frame, frame.writeIPC({ compression: 'zstd' }));
  save('lz4.arrows', frame, frame.writeIPCStream({ compression: 'lz4' }));
}

const [command, argument] = process.argv.slice(2);
({ read, write })[command](argument);
