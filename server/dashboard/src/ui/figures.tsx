import type { MetricsRow } from "../api/types.ts";
import { cardMoney, changeOf, exactMoney, shortMoney } from "../lib/money.ts";
import { changeText, countChange, exactCount, shortCount } from "../lib/numbers.ts";
import type { Metric } from "../lib/view.ts";
import { Icon } from "./icons.tsx";

/** Money: short on screen, every digit on hover, for assistive technology and on copy. */
export function Money({ text, as }: { text: string; as?: (text: string) => string }) {
  const exact = exactMoney(text);
  const short = (as ?? shortMoney)(text);
  return (
    <data class="figure" value={text} title={short === exact ? undefined : `${exact} exact`}>
      {short}
    </data>
  );
}

/** A count: three digits on screen where it is long, every digit on hover. */
export function Count({ value, full }: { value: number; full?: boolean }) {
  const exact = exactCount(value);
  const short = full ? exact : shortCount(value);
  return (
    <data class="figure" value={value} title={short === exact ? undefined : exact}>
      {short}
    </data>
  );
}

/** The value of a metric in a row of metrics. */
export function Figure({ row, metric }: { row: Pick<MetricsRow, "cost" | "requestCount" | "totalTokens">; metric: Metric }) {
  return metric === "cost" ? <Money text={row.cost} /> : <Count value={metric === "requests" ? row.requestCount : row.totalTokens} />;
}

export function CardMoney({ text }: { text: string }) {
  return <Money text={text} as={cardMoney} />;
}

/** For geometry and order only. */
export function plotted(row: { cost?: string | null; requestCount?: number | null; totalTokens?: number | null }, metric: Metric): number {
  return metric === "cost" ? Number(row.cost ?? 0) : metric === "requests" ? (row.requestCount ?? 0) : (row.totalTokens ?? 0);
}

export function metricText(row: { cost?: string | null; requestCount?: number | null; totalTokens?: number | null }, metric: Metric, exact = false): string {
  if (metric === "cost") {
    return (exact ? exactMoney : shortMoney)(row.cost ?? "0");
  }
  return (exact ? exactCount : shortCount)(plotted(row, metric));
}

export function metricChange(row: MetricsRow, previous: MetricsRow | null | undefined, metric: Metric): number | null | undefined {
  if (!previous || previous.requestCount + row.requestCount === 0) {
    return undefined;
  }
  return metric === "cost" ? changeOf(row.cost, previous.cost) : countChange(plotted(row, metric), plotted(previous, metric));
}

/** A change in neutral ink: more spend is not bad by itself. */
export function Change({ change, title, isBad }: { change: number | null | undefined; title?: string; isBad?: boolean }) {
  if (change === undefined) {
    return null;
  }
  const isQuiet = change !== null && Math.abs(change) < 1;
  return (
    <span class={`change${isQuiet ? " quiet" : ""}${isBad ? " bad" : ""}`} title={title}>
      {!isQuiet && change !== null && <Icon name={change > 0 ? "up" : "fall"} size={12} />}
      {changeText(change)}
    </span>
  );
}
