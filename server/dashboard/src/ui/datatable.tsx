import { useState } from "preact/hooks";
import { bucketName } from "../charts/scale.ts";
import { fullDay } from "../lib/dates.ts";
import { columnMoney, sumMoney } from "../lib/money.ts";
import { exactDecimal } from "../lib/numbers.ts";
import type { Bucket, Metric } from "../lib/view.ts";
import { Count, Money } from "./figures.tsx";
import { Icon } from "./icons.tsx";
import { VirtualTable } from "./table.tsx";

/** What a chart shows, as exact decimal text. */
export interface PlotData {
  buckets: readonly { date: string; start: string }[];
  bucket: Bucket;
  /** The last day of the range, where a bucket may be cut. */
  lastDay: string;
  series: readonly { key: string | null; label: string }[];
  metric: Metric | "quantity";
  valueOf: (key: string | null, index: number) => string;
  totalOf: (index: number) => string;
}

/** The chart as text: a row for each bucket, a column for each series, and their sums. */
export function DataTable({ label, data, why }: { label: string; data: PlotData; why?: (day: string) => void }) {
  const { buckets, bucket, lastDay, series, metric, valueOf, totalOf } = data;
  const rows = buckets.map((each, index) => ({ ...each, index }));
  type Row = (typeof rows)[number];
  const money = columnMoney(rows.map((row) => totalOf(row.index)));
  const figure = (text: string) => (metric === "cost" ? <Money text={text} as={money} /> : metric === "quantity" ? <data class="figure" value={text}>{exactDecimal(text)}</data> : <Count value={Number(text)} full />);
  const sum = (of: (index: number) => string) => figure(sumMoney(rows.map((row) => of(row.index))));
  return (
    <VirtualTable
      label={label}
      rows={rows}
      height={35 + 37 + 36 * 8}
      columns={[
        { id: "date", label: bucket === "day" ? "Day" : "From", width: "150px", render: (row) => (bucket === "day" ? fullDay(row.date) : bucketName(row.date, bucket, lastDay)) },
        { id: "total", label: "Total", isNumber: true, width: "110px", render: (row) => figure(totalOf(row.index)) },
        ...(why ? [{ id: "why", label: "Changed", width: "84px", render: (row: Row) => <button type="button" class="link" aria-label={`What changed on ${fullDay(row.date)}?`} onClick={() => why(row.date)}>Why?</button> }] : []),
        ...series.map(({ key, label: name }) => ({ id: `g ${key}`, label: name, isNumber: true, width: "130px", render: (row: Row) => figure(valueOf(key, row.index)) })),
      ]}
      footer={["All", sum(totalOf), ...(why ? [null] : []), ...series.map(({ key }) => sum((index) => valueOf(key, index)))]}
    />
  );
}

/** Opens and closes the table of a chart, within the chart's card. */
export function ShowData({ title, data }: { title: string; data: PlotData }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div class="chart-data">
      <button type="button" class="link" aria-expanded={isOpen} aria-label={`${isOpen ? "Hide" : "Show"} data of ${title}`} onClick={() => setOpen(!isOpen)}>
        <Icon name="table" size={14} /> {isOpen ? "Hide data" : "Show data"}
      </button>
      {isOpen && <DataTable label={`Data of ${title}`} data={data} />}
    </div>
  );
}
