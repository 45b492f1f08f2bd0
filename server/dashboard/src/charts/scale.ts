import { addDays, clockIn, monthName, shortDay, weekday, type Day } from "../lib/dates.ts";
import { compactUnit } from "../lib/money.ts";
import type { Bucket, Metric } from "../lib/view.ts";

/** An axis from 0 with at most five lines above it, and one unit for all of its labels. */
export function valueScale(max: number, metric: Metric | "quantity"): { max: number; step: number; label: (value: number) => string } {
  if (!(max > 0)) {
    return { max: 1, step: 1, label: (value) => (value === 0 ? (metric === "cost" ? "$0" : "0") : "") };
  }
  const rough = max / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999_999)!;
  if (metric !== "cost" && metric !== "quantity" && step < 1) {
    step = 1;
  }
  const top = Math.ceil(max / step - 1e-9) * step;
  // The unit is that of the step: $250, $500, $1,000; not $0.25K.
  const { size: divisor, unit } = compactUnit(step * 2);
  // Decimals from the step: 0, 0.5, 1.0; not 0.5 beside 1.
  const decimals = Array.from({ length: 13 }, (_, places) => places).find((places) => {
    const whole = Math.round((step / divisor) * 10 ** places);
    return whole >= 1 && Math.abs((step / divisor) * 10 ** places - whole) < 1e-6;
  }) ?? 12;
  const format = new Intl.NumberFormat(undefined, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return { max: top, step, label: (value) => (value === 0 ? (metric === "cost" ? "$0" : "0") : `${metric === "cost" ? "$" : ""}${format.format(value / divisor)}${unit}`) };
}

/** Labels below the buckets: as many as fit, on Mondays, firsts of months and round hours. */
export function bucketTicks(buckets: readonly { date: string; start: string }[], bucket: Bucket, zone: string, width: number): Map<number, string> {
  const ticks = new Map<number, string>();
  const most = Math.max(2, Math.floor(width / 58));
  if (bucket === "hour") {
    const every = [1, 2, 3, 6, 12, 24, 48, 96, 168].find((hours) => buckets.length / hours <= most) ?? 336;
    buckets.forEach(({ date, start }, index) => {
      const hour = Number(date.slice(11, 13));
      const isMidnight = index > 0 && date.slice(0, 10) !== buckets[index - 1]!.date.slice(0, 10);
      if (every >= 24 ? isMidnight && index % every < 2 : hour % every === 0) {
        ticks.set(index, isMidnight ? shortDay(date.slice(0, 10)) : clockIn(zone, start));
      }
    });
    return ticks;
  }
  const monthEvery = [1, 2, 3, 6, 12].find((months) => (buckets.length * (bucket === "day" ? 1 : bucket === "week" ? 7 : 30)) / (30 * months) <= most) ?? 24;
  const isMonthStart = (index: number) => index === 0 || buckets[index]!.date.slice(0, 7) !== buckets[index - 1]!.date.slice(0, 7);
  if (bucket === "day" && buckets.length <= most) {
    buckets.forEach(({ date }, index) => ticks.set(index, shortDay(date)));
  } else if (bucket === "day" && buckets.length / 14 <= most) {
    const every = buckets.length / 7 > most ? 14 : 7;
    buckets.forEach(({ date }, index) => {
      if (weekday(date) === 0 && (every === 7 || Math.round(Date.parse(`${date}T00:00:00Z`) / 604_800_000) % 2 === 0)) {
        ticks.set(index, shortDay(date));
      }
    });
  } else {
    buckets.forEach(({ date }, index) => {
      const month = Number(date.slice(5, 7)) - 1;
      if (isMonthStart(index) && (index > 0 || date.endsWith("-01")) && month % monthEvery === 0) {
        ticks.set(index, month === 0 ? date.slice(0, 4) : monthName(date, false));
      }
    });
  }
  return ticks;
}

/** A bucket's name in a tooltip. */
export function bucketName(date: string, bucket: Bucket, lastDay: Day): string {
  switch (bucket) {
    case "hour":
      return `${shortDay(date.slice(0, 10))}, ${date.slice(11, 16)}`;
    case "week": {
      const end = addDays(date, 6 - weekday(date));
      return `${shortDay(date)} – ${shortDay(end < lastDay ? end : lastDay)}`;
    }
    case "month":
      return monthName(date);
    default:
      return "";
  }
}
