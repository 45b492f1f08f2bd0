import assert from "node:assert/strict";
import { test } from "node:test";
import { changeText, errorRate, percent, sharesOf, shortCount } from "../src/lib/numbers.ts";

test("counts", () => {
  for (const [value, shown] of [[0, "0"], [9_999, "9,999"], [10_000, "10K"], [16_130_591, "16.1M"], [1_017_747_604, "1.02B"], [999_999, "1M"]] as const) {
    assert.equal(shortCount(value), shown);
  }
});

test("shares add up to a hundred", () => {
  for (const values of [[1, 1, 1], [2, 3, 5, 7, 11, 13], [1e9, 1, 1]]) {
    const total = values.reduce((sum, value) => sum + value, 0);
    const tenths = sharesOf(values, total).map((text) => (text.startsWith("<") ? 0 : Math.round(Number.parseFloat(text) * 10)));
    assert.equal(tenths.reduce((sum, value) => sum + value, 0), 1_000);
  }
});

test("percent, rates and changes", () => {
  assert.equal(percent(0.0004), "<0.1 %");
  assert.equal(percent(0.346432), "35 %");
  assert.equal(errorRate(0.006273), "0.63 %");
  assert.equal(changeText(null), "new");
  assert.equal(changeText(12.3), "+12 %");
  assert.equal(changeText(-4.25), "−4.3 %");
  assert.equal(changeText(1_300), "×14");
});
