import assert from "node:assert/strict";
import { test } from "node:test";
import { bucketTicks, valueScale } from "../src/charts/scale.ts";

test("an axis reaches its largest value with one to five lines and one unit", () => {
  for (let power = -6; power <= 12; power++) {
    for (const factor of [1, 1.01, 1.99, 2.1, 3.3, 4.99, 7.5, 9.99]) {
      const max = factor * 10 ** power;
      const scale = valueScale(max, "cost");
      const lines = scale.max / scale.step;
      assert.ok(scale.max >= max * 0.999_999, `${max} is above its axis, ${scale.max}`);
      assert.ok(lines >= 1 && lines <= 5.000_001, `${max} has ${lines} lines`);
      // An axis that is twice as long as its values wastes half of the picture.
      assert.ok(scale.max < max * 1.7, `${max} fills too little of ${scale.max}`);
      const labels = Array.from({ length: Math.round(lines) }, (_, index) => scale.label((index + 1) * scale.step));
      assert.equal(new Set(labels).size, labels.length, labels.join());
      assert.equal(new Set(labels.map((label) => label.replace(/[^KMBT]/g, ""))).size, 1, labels.join());
    }
  }
});

test("counts have no fractions of one", () => {
  assert.equal(valueScale(2, "requests").step, 1);
});

test("days of a month are labelled on Mondays", () => {
  const days = Array.from({ length: 30 }, (_, index) => ({ date: `2026-11-${String(index + 1).padStart(2, "0")}`, start: "" }));
  assert.deepEqual([...bucketTicks(days, "day", "UTC", 700).values()], ["Nov 2", "Nov 9", "Nov 16", "Nov 23", "Nov 30"]);
});
