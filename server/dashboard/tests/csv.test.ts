import assert from "node:assert/strict";
import { test } from "node:test";
import { cell, forExcel, readCsv, writeCsv } from "../src/ui/csv.ts";

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
  const bytes = new Uint8Array(await forExcel(writeCsv(Lines)).arrayBuffer());
  assert.deepEqual([...bytes.slice(0, 2)], [0xff, 0xfe]);
  const text = new TextDecoder("utf-16le").decode(bytes);
  assert.ok(text.includes("مشروع 🚀\t0\r\n"));
  assert.ok(text.startsWith("label\tcost\r\n"));
});
