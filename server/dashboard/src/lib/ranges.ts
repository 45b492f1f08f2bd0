import { addDays, addMonths, dayCount, firstOfMonth, isDay, lastOfMonth, type Day } from "./dates.ts";

export interface Range {
  from: Day;
  to: Day;
}

export const Presets = [
  { id: "today", label: "Today", of: (today: Day): Range => ({ from: today, to: today }) },
  { id: "yesterday", label: "Yesterday", of: (today: Day): Range => ({ from: addDays(today, -1), to: addDays(today, -1) }) },
  { id: "7d", label: "Last 7 days", of: (today: Day): Range => ({ from: addDays(today, -6), to: today }) },
  { id: "30d", label: "Last 30 days", of: (today: Day): Range => ({ from: addDays(today, -29), to: today }) },
  { id: "90d", label: "Last 90 days", of: (today: Day): Range => ({ from: addDays(today, -89), to: today }) },
  { id: "month", label: "Month to date", of: (today: Day): Range => ({ from: firstOfMonth(today), to: today }) },
  { id: "last-month", label: "Last month", of: (today: Day): Range => ({ from: addMonths(firstOfMonth(today), -1), to: addDays(firstOfMonth(today), -1) }) },
  { id: "quarter", label: "Quarter to date", of: (today: Day): Range => ({ from: quarterStart(today), to: today }) },
  { id: "12m", label: "Last 12 months", of: (today: Day): Range => ({ from: addDays(addMonths(today, -12), 1), to: today }) },
  { id: "year", label: "Year to date", of: (today: Day): Range => ({ from: `${today.slice(0, 4)}-01-01`, to: today }) },
] as const;

export const DefaultPreset = "30d";

function quarterStart(day: Day): Day {
  const month = Math.floor((Number(day.slice(5, 7)) - 1) / 3) * 3 + 1;
  return `${day.slice(0, 4)}-${String(month).padStart(2, "0")}-01`;
}

export function presetRange(id: string, today: Day): Range | null {
  return Presets.find((preset) => preset.id === id)?.of(today) ?? null;
}

export function isWholeMonths({ from, to }: Range): boolean {
  return from.endsWith("-01") && to === lastOfMonth(to);
}

/** The range before or after: calendar months where it is whole months, else its own length. */
export function shiftRange(range: Range, steps: -1 | 1): Range {
  if (isWholeMonths(range)) {
    const months = monthsIn(range) * steps;
    return { from: addMonths(range.from, months), to: lastOfMonth(addMonths(firstOfMonth(range.to), months)) };
  }
  const days = dayCount(range.from, range.to) * steps;
  return { from: addDays(range.from, days), to: addDays(range.to, days) };
}

function monthsIn({ from, to }: Range): number {
  return (Number(to.slice(0, 4)) - Number(from.slice(0, 4))) * 12 + Number(to.slice(5, 7)) - Number(from.slice(5, 7)) + 1;
}

/**
 * The bucket that a range is best read in: hours up to two days, days up to four months, weeks up to three years. Days of a
 * year are all weekends and peaks: the weekly rhythm hides the course.
 */
export function bucketFor(range: Range): "hour" | "day" | "week" | "month" {
  const days = dayCount(range.from, range.to);
  return days <= 2 ? "hour" : days <= 124 ? "day" : days <= 1_100 ? "week" : "month";
}

/** What people type for a range: `jun 22`, `last month`, `2026-06-01..2026-06-30`. */
export function readRange(text: string, today: Day): Range | null {
  const words = text.trim().toLowerCase();
  const preset = Presets.find((found) => found.label.toLowerCase() === words || found.id === words);
  if (preset) {
    return preset.of(today);
  }
  const ends = words.split(/\s*(?:\.\.|–|\bto\b|\s-\s)\s*/);
  const from = readDay(ends[0] ?? "", today);
  const to = ends.length > 1 ? readDay(ends[1] ?? "", today) : from;
  return from && to && from <= to ? { from, to } : null;
}

const Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

function readDay(text: string, today: Day): Day | null {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    return isDay(text) ? text : null;
  }
  const match = /^(?:([a-z]{3})[a-z]* (\d{1,2})|(\d{1,2}) ([a-z]{3})[a-z]*)(?:,? (\d{4}))?$/.exec(text);
  const month = Months.indexOf(match?.[1] ?? match?.[4] ?? "");
  const date = Number(match?.[2] ?? match?.[3]);
  if (!match || month < 0 || date < 1 || date > 31) {
    return null;
  }
  const inYear = (year: string) => `${year}-${String(month + 1).padStart(2, "0")}-${String(date).padStart(2, "0")}`;
  const year = match[5] ?? today.slice(0, 4);
  const day = inYear(year);
  // Without a year, the last such day is meant.
  const meant = match[5] || day <= today ? day : inYear(String(Number(year) - 1));
  return isDay(meant) ? meant : null;
}
