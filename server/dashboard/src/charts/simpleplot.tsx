import type { Ref } from "preact";
import { fullDay } from "../lib/dates.ts";
import { exactMoney, shortMoney } from "../lib/money.ts";
import { exactCount, exactDecimal, percent } from "../lib/numbers.ts";
import type { Shape } from "../lib/view.ts";
import type { PlotData } from "../ui/datatable.tsx";
import { Plot, type PlotBucket, type PlotHandle, type Series } from "./plot.tsx";
import { bucketName } from "./scale.ts";
import { TooltipTable } from "./tooltip.tsx";

/** Series over time without filters of their own. What is drawn are numbers, what is read are the exact texts of `data`. */
export function SimplePlot({ data, buckets, series, shape, zone, dataThrough, height, summary, highlight, onSelect, handle }: {
  data: PlotData;
  buckets: readonly PlotBucket[];
  series: readonly Series[];
  shape: Shape;
  zone: string;
  dataThrough: string | null;
  height: number;
  summary: string;
  highlight?: string | null | undefined;
  onSelect?: (first: number, last: number) => void;
  handle?: Ref<PlotHandle>;
}) {
  const { bucket, metric, lastDay, valueOf, totalOf } = data;
  const text = (value: string) => (metric === "cost" ? shortMoney(value) : metric === "quantity" ? exactDecimal(value) : exactCount(Number(value)));
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
          .map(({ each, value }) => ({ label: each.label, color: each.color, value: text(valueOf(each.key, index)), share: total > 0 && shape !== "lines" ? percent(value / total) : undefined, isHovered: each.key === hovered }));
        return <TooltipTable title={bucket === "day" ? fullDay(at.date) : bucketName(at.date, bucket, lastDay)} total={metric === "cost" ? exactMoney(totalOf(index)) : text(totalOf(index))} rows={rows} />;
      }}
    />
  );
}
