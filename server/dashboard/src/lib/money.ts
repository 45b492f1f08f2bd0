// Money is US dollars. On the wire it is decimal text with up to 12 places; here it is text, or a bigint of pico-dollars
// (1e-12) where it is computed with. A double holds 15 to 17 digits, too few for 12345678.123456789012, so doubles are only
// for the geometry of charts.

export type Pico = bigint;

const Places = 12;
const One: Pico = 10n ** BigInt(Places);

/** Reads decimal text such as `251.94`; more than 12 places are an error of the sender. */
export function parseMoney(text: string): Pico {
  const match = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(text);
  if (!match) {
    throw new RangeError(`Found '${text}', expected decimal text with at most ${Places} places.`);
  }
  const pico = BigInt(match[2]!) * One + BigInt((match[3] ?? "").padEnd(Places, "0"));
  return match[1] ? -pico : pico;
}

/** Decimal text without trailing zeros: the form in which the server writes. */
export function moneyText(pico: Pico): string {
  const absolute = pico < 0n ? -pico : pico;
  const fraction = (absolute % One).toString().padStart(Places, "0").replace(/0+$/, "");
  return `${pico < 0n ? "-" : ""}${absolute / One}${fraction ? `.${fraction}` : ""}`;
}

/** The exact sum of decimal texts. */
export function sumMoney(texts: Iterable<string>): string {
  let sum = 0n;
  for (const text of texts) {
    sum += parseMoney(text);
  }
  return moneyText(sum);
}

/** For the geometry of charts only. */
export function moneyNumber(text: string): number {
  return Number(text);
}

/** Orders decimal texts by value. */
export function compareMoney(a: string, b: string): number {
  const difference = parseMoney(a) - parseMoney(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

// Formats take the text itself (ECMA-402 reads decimal strings exactly), so that no digit is lost on the way.
type DecimalText = Intl.StringNumericLiteral;
const formats = new Map<string, Intl.NumberFormat>();

function format(text: string, options: Intl.NumberFormatOptions): string {
  const key = JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    formats.set(key, (found = new Intl.NumberFormat(locale(), { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", ...options })));
  }
  return minus(found.format(text as DecimalText));
}

/** A price as it is quoted, with up to five decimals: `$0.0375`. */
export function unitPrice(text: string): string {
  return format(text, { minimumFractionDigits: 2, maximumFractionDigits: 5 });
}

/** The reader's locale; `en-US` where there is none. */
export function locale(): string {
  return typeof navigator === "undefined" ? "en-US" : navigator.language || "en-US";
}

/** Numbers carry a true minus sign. */
export function minus(text: string): string {
  return text.replace("-", "\u2212");
}

/** All digits, at least cents: `$7,828.801234567891`. */
export function exactMoney(text: string): string {
  return format(text, { minimumFractionDigits: 2, maximumFractionDigits: Places });
}

/** For a cell: cents from a dollar on, more places for less. */
export function shortMoney(text: string): string {
  const pico = parseMoney(text);
  const absolute = pico < 0n ? -pico : pico;
  if (absolute === 0n) {
    return format("0", { maximumFractionDigits: 0 });
  }
  if (absolute >= One) {
    return format(text, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  }
  if (absolute >= One / 100n) {
    return format(text, { minimumFractionDigits: 2, maximumFractionDigits: 4 });
  }
  if (absolute >= One / 1_000_000n) {
    return format(text, { minimumSignificantDigits: 2, maximumSignificantDigits: 2 });
  }
  return `<${format("0.000001", { minimumFractionDigits: 6, maximumFractionDigits: 6 })}`;
}

/** For a card: as a cell, from a million on three significant digits with K, M, B or T. */
export function cardMoney(text: string): string {
  const pico = parseMoney(text);
  const absolute = pico < 0n ? -pico : pico;
  return absolute < 1_000_000n * One ? shortMoney(text) : compactMoney(Number(text));
}

/** For axes: `$1.2K`. */
export function compactMoney(value: number): string {
  const { scaled, unit } = compactParts(value);
  return format(String(scaled), { maximumSignificantDigits: 3, minimumFractionDigits: 0 }) + unit;
}

/** One number of decimals for all of a column, so that points align: two where any value reaches a dollar. */
export function columnMoney(texts: readonly string[]): (text: string) => string {
  let largest = 0n;
  for (const text of texts) {
    const pico = parseMoney(text);
    largest = pico > largest ? pico : largest;
  }
  const places = largest >= One ? 2 : largest >= One / 100n ? 4 : 6;
  const smallest = One / 10n ** BigInt(places);
  return (text) => {
    const pico = parseMoney(text);
    const absolute = pico < 0n ? -pico : pico;
    const options = { minimumFractionDigits: places, maximumFractionDigits: places };
    return absolute !== 0n && absolute < smallest ? `<${format(moneyText(smallest), options)}` : format(text, options);
  };
}

/** Thousands as K, M, B, T: the interface's own words, since locales' compact forms surprise (`102Cr`, `1,02 Mrd.`). */
export function compactParts(value: number): { scaled: number; unit: string } {
  const absolute = Math.abs(value);
  // 999,500 and more round to 1.00M at three significant digits.
  for (const [size, unit] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "K"]] as const) {
    if (absolute >= size * 0.9995) {
      return { scaled: Number((value / size).toPrecision(3)), unit };
    }
  }
  return { scaled: value, unit: "" };
}

/** The unit in which a number is compact. */
export function compactUnit(value: number): { size: number; unit: string } {
  const { unit } = compactParts(value);
  return { size: { T: 1e12, B: 1e9, M: 1e6, K: 1e3 }[unit] ?? 1, unit };
}

/** Change from an earlier value in percent; null where there was nothing before. */
export function changeOf(current: string, previous: string): number | null {
  const before = parseMoney(previous);
  return before === 0n ? null : Number(((parseMoney(current) - before) * 100_000n) / before) / 1_000;
}
