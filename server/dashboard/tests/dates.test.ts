import assert from "node:assert/strict";
import { test } from "node:test";
import { addDays, addMonths, dayCount, dayIn, isDay, weekday } from "../src/lib/dates.ts";
import { presetRange, readRange, shiftRange } from "../src/lib/ranges.ts";
import { offsetOf, offsetText } from "../src/lib/zones.ts";

test("days", () => {
  assert.equal(addDays("2026-02-28", 1), "2026-03-01");
  assert.equal(addMonths("2026-01-31", 1), "2026-02-28");
  assert.equal(addMonths("2026-01-15", -1), "2025-12-15");
  assert.equal(dayCount("2026-06-01", "2026-06-30"), 30);
  assert.equal(weekday("2026-06-22"), 0);
  assert.equal(isDay("2026-02-30"), false);
});

test("today is the zone's own day", () => {
  const instant = new Date("2026-06-25T05:30:00Z");
  assert.equal(dayIn("America/Los_Angeles", instant), "2026-06-24");
  assert.equal(dayIn("Asia/Kathmandu", new Date("2026-06-24T18:15:00Z")), "2026-06-25");
});

test("whole months step by months, others by their length", () => {
  assert.deepEqual(shiftRange({ from: "2026-06-01", to: "2026-06-30" }, -1), { from: "2026-05-01", to: "2026-05-31" });
  assert.deepEqual(shiftRange({ from: "2026-02-01", to: "2026-03-31" }, 1), { from: "2026-04-01", to: "2026-05-31" });
  assert.deepEqual(shiftRange({ from: "2026-06-10", to: "2026-06-16" }, 1), { from: "2026-06-17", to: "2026-06-23" });
});

test("presets end today", () => {
  assert.deepEqual(presetRange("7d", "2026-11-22"), { from: "2026-11-16", to: "2026-11-22" });
  assert.deepEqual(presetRange("last-month", "2026-03-31"), { from: "2026-02-01", to: "2026-02-28" });
  assert.deepEqual(presetRange("quarter", "2026-11-22"), { from: "2026-10-01", to: "2026-11-22" });
});

test("typed dates", () => {
  assert.deepEqual(readRange("jun 22", "2026-11-22"), { from: "2026-06-22", to: "2026-06-22" });
  assert.deepEqual(readRange("Dec 24", "2026-11-22"), { from: "2025-12-24", to: "2025-12-24" });
  assert.deepEqual(readRange("last month", "2026-11-22"), { from: "2026-10-01", to: "2026-10-31" });
  assert.deepEqual(readRange("2026-06-01..2026-06-30", "2026-11-22"), { from: "2026-06-01", to: "2026-06-30" });
  assert.equal(readRange("nothing", "2026-11-22"), null);
  assert.equal(readRange("feb 31", "2026-11-22"), null);
  assert.equal(readRange("2026-02-31", "2026-11-22"), null);
});

test("offsets", () => {
  assert.equal(offsetText(offsetOf("Asia/Kathmandu", new Date("2026-06-24T00:00:00Z"))), "UTC+5:45");
  assert.equal(offsetText(offsetOf("America/New_York", new Date("2026-01-24T00:00:00Z"))), "UTC−5");
});
