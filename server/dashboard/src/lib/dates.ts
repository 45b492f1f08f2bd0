import { locale } from "./money.ts";

// A local day is its ISO text (YYYY-MM-DD). Arithmetic goes through UTC day numbers: the browser's own zone never enters.

export type Day = string;

const DayMs = 86_400_000;

export function dayNumber(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`) / DayMs;
}

export function dayOf(number: number): Day {
  return new Date(number * DayMs).toISOString().slice(0, 10);
}

export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(dayNumber(text)) && dayOf(dayNumber(text)) === text;
}

export function addDays(day: Day, days: number): Day {
  return dayOf(dayNumber(day) + days);
}

/** Both ends included. */
export function dayCount(from: Day, to: Day): number {
  return dayNumber(to) - dayNumber(from) + 1;
}

export function firstOfMonth(day: Day): Day {
  return `${day.slice(0, 7)}-01`;
}

/** The same day some months later, or that month's last. */
export function addMonths(day: Day, months: number): Day {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  const index = year * 12 + month - 1 + months;
  const first = `${String(Math.floor(index / 12)).padStart(4, "0")}-${String((index % 12) + 1).padStart(2, "0")}-01`;
  return addDays(first, Math.min(date, daysInMonth(first)) - 1);
}

export function daysInMonth(day: Day): number {
  return new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)), 0)).getUTCDate();
}

export function lastOfMonth(day: Day): Day {
  return addDays(firstOfMonth(day), daysInMonth(day) - 1);
}

/** 0 is Monday. */
export function weekday(day: Day): number {
  return (dayNumber(day) + 3) % 7;
}

/** The day on which an instant falls in a zone. */
export function dayIn(zone: string, instant: Date): Day {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", calendar: "gregory" }).formatToParts(instant);
  const part = (type: string) => parts.find((found) => found.type === type)!.value;
  return `${part("year").padStart(4, "0")}-${part("month")}-${part("day")}`;
}

// Each is made once: to make one takes longer than the rest of a table's row, above all with a zone.
const formats = new Map<string, Intl.DateTimeFormat>();

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    formats.set(key, (found = new Intl.DateTimeFormat(locale(), { timeZone: "UTC", ...options })));
  }
  return found;
}

function utc(day: Day): Date {
  return new Date(dayNumber(day) * DayMs);
}

/** `Jun 24, 2026` */
export function longDay(day: Day): string {
  return formatter({ day: "numeric", month: "short", year: "numeric" }).format(utc(day));
}

/** `Wed, Jun 24, 2026` */
export function fullDay(day: Day): string {
  return formatter({ weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(utc(day));
}

export function shortDay(day: Day): string {
  return formatter({ day: "numeric", month: "short" }).format(utc(day));
}

export function monthName(day: Day, year = true): string {
  return formatter(year ? { month: "long", year: "numeric" } : { month: "short" }).format(utc(day));
}

export function rangeText(from: Day, to: Day): string {
  return formatter({ day: "numeric", month: "short", year: "numeric" }).formatRange(utc(from), utc(to));
}

export function weekdayNames(): string[] {
  const names = formatter({ weekday: "short" });
  return Array.from({ length: 7 }, (_, index) => names.format(new Date((4 + index) * DayMs)));
}

/** The clock time of an instant in a zone: `21:00`. */
export function clockIn(zone: string, instant: string): string {
  return formatter({ timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(instant));
}

/** The same with the year, where it may be any: `Jun 24, 2026, 21:00`. */
export function datedMomentIn(zone: string, instant: string): string {
  return formatter({ timeZone: zone, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(instant));
}

/** Day and clock time of an instant in a zone: `Jun 24, 21:00`. */
export function momentIn(zone: string, instant: string): string {
  return formatter({ timeZone: zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(instant));
}
