import { compactParts, locale, minus } from "./money.ts";

const whole = new Intl.NumberFormat(locale(), { maximumFractionDigits: 0 });
const decimal = new Intl.NumberFormat(locale(), { maximumFractionDigits: 12 });
const three = new Intl.NumberFormat(locale(), { maximumSignificantDigits: 3 });

/** All digits: `1,017,747,604`. */
export function exactCount(value: number): string {
  return minus(whole.format(value));
}

/** A quantity below 1e21 as decimal text, without an exponent: to 12 decimals, which is what the server has. */
export function decimalText(value: number): string {
  const text = String(value);
  return text.includes("e") ? value.toFixed(12).replace(/\.?0+$/, "") : text;
}

/** All digits of decimal text, without passing through a double: `1,012.5`. */
export function exactDecimal(text: string | number): string {
  return minus(decimal.format(text as Intl.StringNumericLiteral));
}

/** Full below 10,000, then three significant digits: `1.02B`. */
export function shortCount(value: number): string {
  if (Math.abs(value) < 10_000) {
    return exactCount(value);
  }
  const { scaled, unit } = compactParts(value);
  return minus(three.format(scaled)) + unit;
}

/** For axes: `2.5K`, `10K`. */
export function axisCount(value: number): string {
  const { scaled, unit } = compactParts(value);
  return three.format(scaled) + unit;
}

const percents = [0, 1, 2].map((places) => new Intl.NumberFormat(locale(), { minimumFractionDigits: places, maximumFractionDigits: places }));

function percentText(value: number, places: 0 | 1 | 2): string {
  return minus(percents[places]!.format(value)) + " %";
}

/** A share of 1: one decimal below 10 %, none above. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0) {
    return "0 %";
  }
  return value < 0.1 ? `<${percentText(0.1, 1)}` : percentText(value, value < 9.95 ? 1 : 0);
}

/** Errors per request: two decimals below 1 %. */
export function errorRate(rate: number): string {
  const value = rate * 100;
  return value === 0 ? "0 %" : percentText(value, value < 1 ? 2 : 1);
}

/** Shares rounded so that they add up to 100: largest remainders are rounded up. */
export function sharesOf(values: readonly number[], total: number): string[] {
  if (total <= 0) {
    return values.map(() => "0 %");
  }
  // In tenths of a percent.
  const exact = values.map((value) => (value / total) * 1_000);
  const tenths = exact.map(Math.floor);
  const missing = Math.round(exact.reduce((sum, value) => sum + value, 0)) - tenths.reduce((sum, value) => sum + value, 0);
  const byRemainder = exact.map((value, index) => [value - tenths[index]!, index] as const).sort((a, b) => b[0] - a[0]);
  for (const [, index] of byRemainder.slice(0, Math.max(0, missing))) {
    tenths[index]!++;
  }
  return tenths.map((value, index) => (value === 0 && values[index]! > 0 ? `<${percentText(0.1, 1)}` : percentText(value / 10, 1)));
}

/** Change in words: `+12 %`, `×14`, `new`; neutral below one percent. */
export function changeText(change: number | null): string {
  if (change === null) {
    return "new";
  }
  if (Math.abs(change) < 0.05) {
    return "0 %";
  }
  if (change > 1_000) {
    return `×${whole.format(change / 100 + 1)}`;
  }
  const text = percentText(change, Math.abs(change) < 10 ? 1 : 0);
  return change > 0 ? `+${text}` : text;
}

/** Change of a count in percent; null where there was nothing before. */
export function countChange(current: number, previous: number): number | null {
  return previous === 0 ? null : ((current - previous) / previous) * 100;
}
