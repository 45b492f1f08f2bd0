import type { ComponentChildren, Ref } from "preact";
import { useMemo } from "preact/hooks";
import type { ActivityBucket, BreakdownEntry } from "../api/types.ts";
import { fullDay, longDay, momentIn } from "../lib/dates.ts";
import { moneyText, parseMoney } from "../lib/money.ts";
import { percent } from "../lib/numbers.ts";
import type { Bucket, Dimension, Metric, Shape } from "../lib/view.ts";
import type { PlotData } from "../ui/datatable.tsx";
import { metricText, plotted } from "../ui/figures.tsx";
import { colorsOf, theme } from "./palette.ts";
import { Plot, type PlotHandle, type Series } from "./plot.tsx";
import { bucketName } from "./scale.ts";
import { TooltipTable } from "./tooltip.tsx";

/** The groups of an answer that a chart shows, largest first, Others last. */
export interface Shown {
  key: string | null;
  label: string;
  deleted?: boolean;
}

/** Buckets as series: each group has a value in every bucket, zero where it had no usage. */
export function seriesOf(activity: readonly ActivityBucket[], groups: readonly Shown[], dimension: Dimension, metric: Metric, isRunning: boolean): Series[] {
  const colors = colorsOf(dimension, groups.map((group) => group.key));
  const positions = new Map(groups.map((group, index) => [group.key, index]));
  const values = groups.map(() => new Array<number>(activity.length).fill(0));
  activity.forEach((bucket, index) => {
    for (const entry of bucket.breakdown) {
      const position = positions.get(entry.key ?? null);
      if (position !== undefined) {
        values[position]![index]! += plotted(entry, metric);
      }
    }
  });
  if (isRunning) {
    for (const each of values) {
      for (let index = 1; index < each.length; index++) {
        each[index]! += each[index - 1]!;
      }
    }
  }
  return groups.map((group, index) => ({ key: group.key, label: group.label, color: colors.get(group.key)!, values: values[index]! }));
}

type Measures = { cost?: string | null; requestCount?: number | null; totalTokens?: number | null };

const exactValue = (row: Measures | undefined, metric: Metric) => (metric === "cost" ? (row?.cost ?? "0") : String(plotted(row ?? {}, metric)));

/** The texts of a chart of groups: each bucket's total, and what each group has of it. */
export function activityData(answer: { activity: readonly ActivityBucket[]; bucket: string; to: string }, groups: readonly { key: string | null; label: string }[], metric: Metric): PlotData {
  const { activity, bucket, to } = answer;
  return {
    buckets: activity,
    bucket: bucket as Bucket,
    lastDay: to,
    series: groups,
    metric,
    valueOf: (key, index) => valueIn(activity[index], key, groups, metric),
    totalOf: (index) => exactValue(activity[index], metric),
  };
}

/** The exact value of one of the groups in a bucket. Of null, Others: what the bucket has as such, or what the groups leave of it. */
export function valueIn(bucket: (Measures & { breakdown: readonly (Measures & { key?: string | null })[] }) | undefined, key: string | null, groups: readonly { key: string | null }[], metric: Metric): string {
  const entry = bucket?.breakdown.find((each) => (each.key ?? null) === key);
  if (entry || key !== null || !bucket) {
    return exactValue(entry, metric);
  }
  const kept = new Set(groups.map((group) => group.key));
  return moneyText(bucket.breakdown.reduce((rest, each) => (kept.has(each.key ?? null) ? rest - parseMoney(exactValue(each, metric)) : rest), parseMoney(exactValue(bucket, metric))));
}

/** Usage over time by one dimension. */
export function OverTime({ activity, groups, dimension, metric, bucket, shape, zone, lastDay, dataThrough, height, isRunning, previous, hidden, highlight, onPick, onSelect, onBack, handle, summary }: {
  activity: readonly ActivityBucket[];
  groups: readonly Shown[];
  dimension: Dimension;
  metric: Metric;
  bucket: Bucket;
  shape: Shape;
  zone: string;
  lastDay: string;
  dataThrough: string | null;
  height: number;
  isRunning?: boolean;
  previous?: readonly ActivityBucket[] | undefined;
  hidden?: ReadonlySet<string>;
  highlight?: string | null | undefined;
  onPick?: (key: string | null, isExcluded: boolean) => void;
  onSelect?: (first: number, last: number) => void;
  onBack?: (() => void) | undefined;
  handle?: Ref<PlotHandle>;
  summary: string;
}) {
  const colors = theme.value;
  const series = useMemo(
    () => seriesOf(activity, groups, dimension, metric, isRunning ?? false).filter((each) => !hidden?.has(each.key ?? "others")),
    [activity, groups, dimension, metric, isRunning, hidden, colors],
  );
  const before = useMemo(() => previousValues(activity, previous, metric, isRunning ?? false), [activity, previous, metric, isRunning]);
  const tooltip = (index: number, hovered: string | null | undefined): ComponentChildren => {
    const of = activity[index];
    if (!of) {
      return null;
    }
    return <BucketTooltip of={of} index={index} series={series} bucket={bucket} metric={metric} hovered={hovered} zone={zone} lastDay={lastDay} dataThrough={dataThrough} isRunning={isRunning ?? false} previous={previous?.[index]} />;
  };
  return <Plot buckets={activity} bucket={bucket} series={series} shape={shape} metric={metric} zone={zone} height={height} summary={summary} previous={before} dataThrough={dataThrough} highlight={highlight} tooltip={tooltip} onBack={onBack} {...(onPick ? { onPick } : {})} {...(onSelect ? { onSelect } : {})} {...(handle ? { handle } : {})} />;
}

function previousValues(activity: readonly ActivityBucket[], previous: readonly ActivityBucket[] | undefined, metric: Metric, isRunning: boolean): (number | null)[] | undefined {
  if (!previous) {
    return undefined;
  }
  let sum = 0;
  return activity.map((_, index) => {
    const row = previous[index];
    if (!row) {
      return null;
    }
    sum += plotted(row, metric);
    return isRunning ? sum : plotted(row, metric);
  });
}

/** Hours that a bucket of one day lasts. */
export function hoursOf({ start, end }: { start: string; end: string }): number {
  return (Date.parse(end) - Date.parse(start)) / 3_600_000;
}

function BucketTooltip({ of, index, series, bucket, metric, hovered, zone, lastDay, dataThrough, isRunning, previous }: {
  of: ActivityBucket;
  index: number;
  series: readonly Series[];
  bucket: Bucket;
  metric: Metric;
  hovered: string | null | undefined;
  zone: string;
  lastDay: string;
  dataThrough: string | null;
  isRunning: boolean;
  previous?: ActivityBucket | undefined;
}) {
  const entries = new Map<string | null, BreakdownEntry>(of.breakdown.map((entry) => [entry.key ?? null, entry]));
  const total = plotted(of, metric);
  const rows = series
    .map((each) => ({ each, entry: entries.get(each.key), value: plotted(entries.get(each.key) ?? {}, metric) }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => (a.each.key === null ? 1 : b.each.key === null ? -1 : b.value - a.value))
    .map(({ each, entry, value }) => ({
      label: each.label,
      color: each.color,
      value: metricText(entry ?? {}, metric, metric !== "cost") ,
      share: total > 0 ? percent(value / total) : undefined,
      isHovered: each.key === hovered,
    }));
  const hours = hoursOf(of);
  const isCut = dataThrough !== null && of.end > dataThrough && Date.parse(of.end) > Date.parse(dataThrough) && Date.parse(of.start) < Date.parse(dataThrough);
  const isAfter = dataThrough !== null && Date.parse(of.start) >= Date.parse(dataThrough);
  const notes = [
    bucket === "day" && hours !== 24 && hours > 0 ? `${hours} hours` : "",
    of.skipped ? "this day does not exist here" : "",
    isCut ? `until ${momentIn(zone, dataThrough!)}` : "",
    isAfter ? "no data received" : "",
    isRunning ? "this bucket alone" : "",
  ].filter(Boolean);
  return (
    <TooltipTable key={index} title={bucket === "day" ? fullDay(of.date) : bucketName(of.date, bucket, lastDay)} note={notes.join(" · ") || undefined} total={metricText(of, metric, true)} rows={rows}>
      {metric === "tokens" && total > 0 && <TokenParts row={of} />}
      {previous && (
        <div class="tooltip-previous">
          <span>{bucket === "hour" ? momentIn(zone, previous.start) : longDay(previous.date)}</span>
          <span>{metricText(previous, metric, metric !== "cost")}</span>
        </div>
      )}
    </TooltipTable>
  );
}

/** What tokens consist of: parts are within their whole. */
export function TokenParts({ row }: { row: Pick<ActivityBucket, "inputTokens" | "cachedInputTokens" | "cacheWriteTokens" | "outputTokens" | "reasoningTokens"> }) {
  const part = (name: string, tokens: number, isPart: boolean) =>
    tokens > 0 || !isPart ? (
      <tr class={isPart ? "part" : undefined}>
        <th scope="row">{name}</th>
        <td>{metricText({ totalTokens: tokens }, "tokens", true)}</td>
      </tr>
    ) : null;
  return (
    <table class="token-parts">
      <tbody>
        {part("Input", row.inputTokens, false)}
        {part("of which read from cache", row.cachedInputTokens, true)}
        {part("of which written to cache", row.cacheWriteTokens, true)}
        {part("Output", row.outputTokens, false)}
        {part("of which reasoning", row.reasoningTokens, true)}
      </tbody>
    </table>
  );
}
