// Reads and writes Arrow with the reference implementation in JavaScript.
//   node arrow-js.mjs read FILE     prints one JSON array a row: values as text, null for nulls
//   node arrow-js.mjs write FOLDER  writes streams and files, each with NAME.rows beside it: what a reader must find
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as arrow from 'apache-arrow';

const { DataType, makeData, makeVector, vectorFromArray, RecordBatch, Schema, Field, Struct } = arrow;

const bits = new DataView(new ArrayBuffer(8));
const float = value => {
  if (Number.isNaN(value)) return 'NaN';
  bits.setFloat64(0, value);
  return bits.getBigUint64(0).toString(16).padStart(16, '0');
};
const hex = bytes => Buffer.from(bytes).toString('hex');

/** Integers and what is stored as one, exactly as stored. */
function integer(data, row, bytes, isSigned) {
  const all = Buffer.from(data.values.buffer, data.values.byteOffset, data.values.byteLength);
  let value = 0n;
  for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(all[(row * bytes) + i]);
  return (isSigned ? BigInt.asIntN(bytes * 8, value) : value).toString();
}

function cell(vector, data, row) {
  const type = data.type;
  if (DataType.isDictionary(type)) return data.dictionary.get(Number(data.values[row])); // vector.get fails for codes of 64 bits
  if (DataType.isInt(type)) return integer(data, row, type.bitWidth / 8, type.isSigned);
  if (DataType.isDecimal(type)) return integer(data, row, type.bitWidth / 8, true);
  if (DataType.isDate(type)) return integer(data, row, type.unit === arrow.DateUnit.DAY ? 4 : 8, true);
  if (DataType.isTime(type)) return integer(data, row, type.bitWidth / 8, true);
  if (DataType.isTimestamp(type)) return integer(data, row, 8, true);
  if (DataType.isFloat(type)) return float(vector.get(row));
  if (DataType.isBool(type)) return String(vector.get(row));
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type)) return vector.get(row);
  return hex(vector.get(row));
}

function* rows(batch) {
  const columns = batch.schema.fields.map((_, i) => batch.getChildAt(i));
  for (let row = 0; row < batch.numRows; row++) {
    yield columns.map(vector => vector.isValid(row) ? cell(vector, vector.data[0], row) : null);
  }
}

function read(file) {
  const lines = [];
  for (const batch of arrow.RecordBatchReader.from(fs.readFileSync(file))) {
    for (const row of rows(batch)) lines.push(JSON.stringify(row));
  }
  process.stdout.write(lines.map(line => line + '\n').join(''));
}

const count = 17;
const isNull = row => row % 5 === 3;

function bitmap() {
  const bytes = new Uint8Array(Math.ceil(count / 8));
  for (let row = 0; row < count; row++) if (!isNull(row)) bytes[row >> 3] |= 1 << (row & 7);
  return bytes;
}

const nulled = values => values.map((value, row) => isNull(row) ? null : value);
const numbers = (Type, make) => Type.from({ length: count }, (_, row) => make(row));
const big = seed => row => BigInt.asIntN(64, (BigInt(row) + 1n) * 0x9E3779B97F4A7C15n * BigInt(seed));
const fixed = (type, data) => makeVector(makeData({ type, length: count, nullCount: -1, nullBitmap: bitmap(), data }));
const texts = ['', 'ada', 'Zoë', '日本', '𝄞 clef', 'a text that is too long for a view to hold', 'x'];
const text = row => texts[row % texts.length];
const all = make => Array.from({ length: count }, (_, row) => make(row));

function columns() {
  const decimal = width => Uint32Array.from({ length: count * width / 32 }, (_, i) => (i * 2654435761) >>> 0);
  const child = vectorFromArray([1, 2, 3, 4, 5], new arrow.Int32());
  return {
    i8: fixed(new arrow.Int8(), numbers(Int8Array, row => (row * 37) - 128)),
    u8: fixed(new arrow.Uint8(), numbers(Uint8Array, row => row * 15)),
    skipped_list: vectorFromArray(nulled(all(row => [row, row + 1].slice(row % 3))), new arrow.List(new Field('item', new arrow.Int32(), true))),
    i16: fixed(new arrow.Int16(), numbers(Int16Array, row => (row * 3000) - 32768)),
    u16: fixed(new arrow.Uint16(), numbers(Uint16Array, row => row * 4000)),
    i32: fixed(new arrow.Int32(), numbers(Int32Array, row => (row * 250000000) | 0)),
    u32: fixed(new arrow.Uint32(), numbers(Uint32Array, row => (row * 250000000) >>> 0)),
    i64: fixed(new arrow.Int64(), numbers(BigInt64Array, big(1))),
    u64: fixed(new arrow.Uint64(), numbers(BigUint64Array, row => BigInt.asUintN(64, big(3)(row)))),
    skipped_struct: vectorFromArray(nulled(all(row => ({ a: row, b: text(row) }))), new Struct([new Field('a', new arrow.Int32(), true), new Field('b', new arrow.Utf8(), true)])),
    f16: fixed(new arrow.Float16(), numbers(Uint16Array, row => row * 3000)),
    f32: fixed(new arrow.Float32(), numbers(Float32Array, row => row / 3)),
    f64: fixed(new arrow.Float64(), numbers(Float64Array, row => row === 4 ? NaN : Math.sqrt(row))),
    bool: vectorFromArray(nulled(all(row => row % 3 === 0)), new arrow.Bool()),
    utf8: vectorFromArray(nulled(all(text)), new arrow.Utf8()),
    large_utf8: vectorFromArray(nulled(all(text)), new arrow.LargeUtf8()),
    utf8_view: vectorFromArray(nulled(all(text)), new arrow.Utf8View()),
    binary: vectorFromArray(nulled(all(row => Uint8Array.from({ length: row }, (_, i) => i))), new arrow.Binary()),
    large_binary: vectorFromArray(nulled(all(row => Uint8Array.from({ length: row }, (_, i) => i))), new arrow.LargeBinary()),
    binary_view: vectorFromArray(nulled(all(row => Uint8Array.from({ length: row }, (_, i) => 255 - i))), new arrow.BinaryView()),
    fixed_binary: vectorFromArray(nulled(all(row => Uint8Array.of(row, 1, 2))), new arrow.FixedSizeBinary(3)),
    skipped_views: vectorFromArray(nulled(all(row => [text(row)])), new arrow.List(new Field('item', new arrow.Utf8View(), true))),
    decimal: fixed(new arrow.Decimal(12, 38, 128), decimal(128)),
    date_day: fixed(new arrow.DateDay(), numbers(Int32Array, row => (row * 1000) - 5000)),
    date_ms: fixed(new arrow.DateMillisecond(), numbers(BigInt64Array, row => BigInt(row - 8) * 86400000n)),
    time_s: fixed(new arrow.TimeSecond(), numbers(Int32Array, row => row * 5000)),
    time_ms: fixed(new arrow.TimeMillisecond(), numbers(Int32Array, row => row * 5000000)),
    time_us: fixed(new arrow.TimeMicrosecond(), numbers(BigInt64Array, row => BigInt(row) * 5000000001n)),
    time_ns: fixed(new arrow.TimeNanosecond(), numbers(BigInt64Array, row => BigInt(row) * 5000000000001n)),
    ts_s: fixed(new arrow.TimestampSecond(), numbers(BigInt64Array, row => BigInt(row) * 100000000n)),
    ts_ms_zone: fixed(new arrow.TimestampMillisecond('Europe/Zurich'), numbers(BigInt64Array, row => BigInt(row) * 100000000001n)),
    ts_us_utc: fixed(new arrow.TimestampMicrosecond('UTC'), numbers(BigInt64Array, row => -BigInt(row) * 100000000000001n)),
    ts_ns: fixed(new arrow.TimestampNanosecond(), numbers(BigInt64Array, big(5))),
    dict_i8: vectorFromArray(nulled(all(text)), new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())),
    dict_u16: vectorFromArray(nulled(all(text)), new arrow.Dictionary(new arrow.Utf8(), new arrow.Uint16())),
    dict_i64: makeVector(makeData({ type: new arrow.Dictionary(new arrow.Utf8(), new arrow.Int64()), length: count, nullCount: -1, nullBitmap: bitmap(), data: numbers(BigInt64Array, row => BigInt(row % 3)), dictionary: vectorFromArray(['i', 'ii', 'iii'], new arrow.Utf8()) })),
    dict_large: vectorFromArray(nulled(all(text)), new arrow.Dictionary(new arrow.LargeUtf8(), new arrow.Int32())),
    dict_view: vectorFromArray(nulled(all(text)), new arrow.Dictionary(new arrow.Utf8View(), new arrow.Int32())),
    skipped_dict: vectorFromArray(all(row => BigInt(row % 3)), new arrow.Dictionary(new arrow.Int64(), new arrow.Int32())),
    skipped_fixed_list: makeVector(makeData({ type: new arrow.FixedSizeList(2, new Field('item', new arrow.Int32(), true)), length: count, child: makeData({ type: new arrow.Int32(), length: 2 * count, data: new Int32Array(2 * count) }) })),
    skipped_map: vectorFromArray(all(row => new Map([[text(row), row]])), new arrow.Map_(new Field('entries', new Struct([new Field('key', new arrow.Utf8(), false), new Field('value', new arrow.Int32(), true)]), false))),
    skipped_union: makeVector(makeData({ type: new arrow.SparseUnion([0], [new Field('a', new arrow.Int32(), true)]), length: count, typeIds: new Int8Array(count), children: [makeData({ type: new arrow.Int32(), length: count, data: new Int32Array(count) })] })),
    skipped_null: makeVector(makeData({ type: new arrow.Null(), length: count })),
    skipped_duration: fixed(new arrow.DurationSecond(), numbers(BigInt64Array, row => BigInt(row))),
    skipped_interval: fixed(new arrow.IntervalDayTime(), new Int32Array(2 * count)),
    last: vectorFromArray(all(row => child.get(row % 5)), new arrow.Int32()),
  };
}

function batchOf(vectors, schema) {
  const fields = Object.keys(vectors).map(name => new Field(name, vectors[name].type, true));
  const length = Object.values(vectors)[0].length;
  return new RecordBatch(schema ?? new Schema(fields, new Map([['who', 'arrow-js'], ['Zoë', '']])),
    makeData({ type: new Struct(fields), length, nullCount: 0, children: Object.values(vectors).map(vector => vector.data[0]) }));
}

// A reader leaves out the columns of other types; a date in milliseconds is read as days.
function expected(batch) {
  const columns = batch.schema.fields.map((field, i) => [field, batch.getChildAt(i)]).filter(([field]) => !field.name.startsWith('skipped'));
  return Array.from({ length: batch.numRows }, (_, row) => JSON.stringify(columns.map(([field, vector]) => {
    const value = vector.isValid(row) ? cell(vector, vector.data[0], row) : null;
    return value !== null && field.name === 'date_ms' ? (BigInt(value) / 86400000n).toString() : value;
  })) + '\n').join('');
}

function write(folder) {
  const save = (name, batches, Writer, options) => {
    const writer = new Writer(options);
    for (const batch of batches) writer.write(batch);
    writer.finish();
    fs.writeFileSync(path.join(folder, name), writer.toUint8Array(true));
    fs.writeFileSync(path.join(folder, name + '.rows'), batches.map(expected).join(''));
  };

  const whole = batchOf(columns());
  save('all-types.arrows', [whole, whole], arrow.RecordBatchStreamWriter);
  save('all-types.arrow', [whole, whole], arrow.RecordBatchFileWriter);
  // The writer cuts slices of views short, so these have none.
  const flat = batchOf(Object.fromEntries(Object.entries(columns()).filter(([name]) => !name.includes('view'))));
  save('slices.arrows', [flat.slice(3, 11), flat, flat.slice(5, 5)], arrow.RecordBatchStreamWriter);
  save('legacy.arrows', [whole], arrow.RecordBatchStreamWriter, { writeLegacyIpcFormat: true });

  // A dictionary that grows is written as additions; another one replaces it.
  const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), 7);
  const first = vectorFromArray(['a', 'b'], new arrow.Utf8());
  const grown = first.concat(vectorFromArray(['c', '日本'], new arrow.Utf8()));
  const other = vectorFromArray(['z', 'y'], new arrow.Utf8());
  const coded = (dictionary, codes) => makeVector(makeData({ type, length: codes.length, nullCount: 0, data: Int32Array.from(codes), dictionary }));
  const schema = new Schema([new Field('text', type, true)]);
  const batches = [[first, [0, 1, 0]], [grown, [3, 2, 1, 0]], [other, [1, 0]]].map(([dictionary, codes]) => batchOf({ text: coded(dictionary, codes) }, schema));
  save('dictionaries.arrows', batches, arrow.RecordBatchStreamWriter);
  save('dictionaries.arrow', batches.slice(0, 2), arrow.RecordBatchFileWriter);

  // Codecs that look like real ones to the writer; no reader gets as far as their bytes.
  for (const [name, codec, start] of [['lz4', arrow.CompressionType.LZ4_FRAME, [4, 34, 77, 24, 64, 64, 0]], ['zstd', arrow.CompressionType.ZSTD, [40, 181, 47, 253, 0, 0]]]) {
    arrow.compressionRegistry.set(codec, { encode: () => Uint8Array.from(start), decode: bytes => bytes });
    save(`${name}.arrows`, [whole], arrow.RecordBatchStreamWriter, { compressionType: codec });
  }
}

const [command, argument] = process.argv.slice(2);
({ read, write })[command](argument);
