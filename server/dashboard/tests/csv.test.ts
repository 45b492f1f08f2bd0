import assert from "node:assert/strict";
import { test } from "node:test";
import { cell, csvRows, forExcel, readCsv, writeCsv } from "../src/ui/csv.ts";

const Lines = [
  ["label", "cost"],
  ["a \"quoted\", name\nin two lines", "12345678.123456789012"],
  ["=HYPERLINK(\"x\")", "-0.000000000001"],
  ["@sum", "+1"],
  ["مشروع 🚀", "0"],
];

test("CSV text reads back as what was written, formulas as text", () => {
  const expected = Lines.map((line) => line.map((field) => (/^[=+@]/.test(field) ? `'${field}` : field)));
  assert.deepEqual(readCsv(writeCsv(Lines)), expected);
});

test("numbers are never quoted, negative ones neither; text that Excel would run is", () => {
  assert.equal(cell("-0.5"), "-0.5");
  assert.equal(cell("12345678.123456789012"), "12345678.123456789012");
  assert.equal(cell("-cmd"), "'-cmd");
  assert.equal(cell("=1"), "'=1");
  assert.equal(cell("a\tb"), "\"a\tb\"");
});

test("the form for Excel is UTF-16 with a mark, tabs and the same fields", async () => {
  const bytes = new Uint8Array(await (await forExcel([writeCsv(Lines)])).arrayBuffer());
  assert.deepEqual([...bytes.slice(0, 2)], [0xff, 0xfe]);
  const text = new TextDecoder("utf-16le").decode(bytes);
  assert.ok(text.includes("مشروع 🚀\t0\r\n"));
  assert.ok(text.startsWith("label\tcost\r\n"));
});

test("text in pieces of any length reads as the whole does", async () => {
  const text = `${writeCsv(Lines)}last,,"",\"\"\"\"`;
  const whole = readCsv(text);
  assert.deepEqual(whole.at(-1), ["last", "", "", '"']);
  for (let length = 1; length <= text.length; length++) {
    const next = csvRows();
    const rows: string[][] = [];
    for (let start = 0; start < text.length; start += length) {
      rows.push(...next(text.slice(start, start + length)));
    }
    rows.push(...next("", true));
    assert.deepEqual(rows, whole, `pieces of ${length}`);
  }
});

test("more rows than a sheet has are refused", async () => {
  const thousand = "1\r\n".repeat(1_000);
  function* rows(count: number) {
    for (let index = 0; index < Math.floor(count / 1_000); index++) {
      yield thousand;
    }
    yield "1\r\n".repeat(count % 1_000);
  }
  await assert.rejects(forExcel(rows(1_048_577)), /more rows than a sheet of Excel has/);
  assert.equal((await forExcel(rows(1_048_576))).size, 2 + 1_048_576 * 3 * 2);
});
