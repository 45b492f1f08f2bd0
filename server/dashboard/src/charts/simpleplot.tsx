import type { Ref } from "preact";
import { fullDay } from "../lib/dates.ts";
import { exactCount, percent } from "../lib/numbers.ts";
import { exactMoney } from "../lib/money.ts";
import type { Bucket, Metric, Shape } from "../lib/view.ts";
import { Plot, type PlotBucket, type PlotHandle, type Series } from "./plot.tsx";
import { bucketName } from "./scale.ts";
import { TooltipTable } from "./tooltip.tsx";

/** Series over time whose figures are the plotted numbers themselves, or given as text. */
export function SimplePlot({ buckets, bucket, series, shape, metric, zone, lastDay, dataThrough, height, summary, textOf, totalOf, highlight, onSelect, handle }: {
  buckets: readonly PlotBucket[];
  bucket: Bucket;
  series: readonly Series[];
  shape: Shape;
  metric: Metric | "quantity";
  zone: string;
  lastDay: string;
  dataThrough: string | null;
  height: number;
  summary: string;
  /** The exact value of a series in a bucket. */
  textOf?: (key: string | null, index: number) => string;
  totalOf?: (index: number) => string;
  highlight?: string | null | undefined;
  onSelect?: (first: number, last: number) => void;
  handle?: Ref<PlotHandle>;
}) {
  const format = (value: number) => (metric === "cost" ? exactMoney(value.toFixed(2)) : exactCount(value));
  return (
    <Plot
      buckets={buckets}
      bucket={bucket}
      series={series}
      shape={shape}
      metric={metric}
      zone={zone}
      height={height}
      summary={summary}
      dataThrough={dataThrough}
      highlight={highlight}
      {...(onSelect ? { onSelect } : {})}
      {...(handle ? { handle } : {})}
      tooltip={(index, hovered) => {
        const at = buckets[index];
        if (!at) {
          return null;
        }
        const total = series.reduce((sum, each) => sum + (each.values[index] ?? 0), 0);
        const rows = series
          .map((each) => ({ each, value: each.values[index] ?? 0 }))
          .filter(({ value }) => value > 0)
          .sort((a, b) => (a.each.key === null ? 1 : b.each.key === null ? -1 : b.value - a.value))
          .map(({ each, value }) => ({ label: each.label, color: each.color, value: textOf?.(each.key, index) ?? format(value), share: total > 0 && shape !== "lines" ? percent(value / total) : undefined, isHovered: each.key === hovered }));
        return <TooltipTable title={bucket === "day" ? fullDay(at.date) : bucketName(at.date, bucket, lastDay)} total={totalOf?.(index) ?? format(total)} rows={rows} />;
      }}
    />
  );
}
