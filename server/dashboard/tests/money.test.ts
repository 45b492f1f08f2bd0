import assert from "node:assert/strict";
import { test } from "node:test";
import { cardMoney, changeOf, columnMoney, compareMoney, exactMoney, moneyText, parseMoney, shortMoney, sumMoney } from "../src/lib/money.ts";

test("text survives the way through pico-dollars", () => {
  for (const text of ["0", "0.000000000001", "12345678.123456789012", "251.94", "999999999999999.999999999999", "-0.5"]) {
    assert.equal(moneyText(parseMoney(text)), text);
  }
});

test("sums are exact where doubles are not", () => {
  assert.equal(sumMoney(["0.1", "0.2"]), "0.3");
  assert.equal(sumMoney(Array.from({ length: 1_000 }, () => "12345678.123456789012")), "12345678123.456789012");
});

test("what is not decimal text is refused", () => {
  for (const text of ["", "1e3", "1.0000000000001", "$1", "1,5", " 1"]) {
    assert.throws(() => parseMoney(text), RangeError);
  }
});

test("cells", () => {
  for (const [text, shown] of [["0", "$0"], ["0.0421", "$0.0421"], ["0.00421", "$0.0042"], ["0.0000234", "$0.000023"], ["7828.8", "$7,828.80"], ["0.0000000001", "<$0.000001"], ["0.5", "$0.50"]] as const) {
    assert.equal(shortMoney(text), shown);
  }
});

test("cards are compact from a million on", () => {
  assert.equal(cardMoney("999999.99"), "$999,999.99");
  assert.equal(cardMoney("1023456.78"), "$1.02M");
});

test("exact text has every digit", () => {
  assert.equal(exactMoney("12345678.123456789012"), "$12,345,678.123456789012");
  assert.equal(exactMoney("251.94"), "$251.94");
});

test("a column has one number of places", () => {
  const format = columnMoney(["1234.5", "0.001", "0"]);
  assert.deepEqual(["1234.5", "0.001", "0"].map(format), ["$1,234.50", "<$0.01", "$0.00"]);
});

test("order and change are those of the exact values", () => {
  assert.equal(compareMoney("12345678.123456789012", "12345678.123456789011"), 1);
  assert.equal(changeOf("150", "100"), 50);
  assert.equal(changeOf("1", "0"), null);
});
