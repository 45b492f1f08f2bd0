import type { UsageView } from "./usagecharts.tsx";
import type { Shown } from "../charts/overtime.tsx";
import { bucketName } from "../charts/scale.ts";
import { fullDay } from "../lib/dates.ts";
import { columnMoney } from "../lib/money.ts";
import type { Bucket, Metric } from "../lib/view.ts";
import { Count, Money, plotted } from "./figures.tsx";
import { VirtualTable } from "./table.tsx";

/** The chart as text: a row for each bucket, a column for each series. */
export function DataTable({ answer, groups, metric, why }: { answer: Pick<UsageView, "activity" | "bucket" | "to">; groups: readonly Shown[]; metric: Metric; why?: (day: string) => void }) {
  const money = columnMoney(answer.activity.map((row) => row.cost));
  const figure = (row: { cost?: string | null; requestCount?: number | null; totalTokens?: number | null } | undefined) =>
    metric === "cost" ? <Money text={row?.cost ?? "0"} as={money} /> : <Count value={plotted(row ?? {}, metric)} full />;
  const rows = answer.activity.map((bucket) => ({ bucket, entries: new Map(bucket.breakdown.map((entry) => [entry.key ?? null, entry])) }));
  return (
    <VirtualTable
      label="Data of the chart"
      rows={rows}
      rowKey={(row) => row.bucket.start}
      height={360}
      columns={[
        { id: "date", label: answer.bucket === "day" ? "Day" : "From", width: "150px", render: (row) => (answer.bucket === "day" ? fullDay(row.bucket.date) : bucketName(row.bucket.date, answer.bucket as Bucket, answer.to)) },
        { id: "total", label: "Total", isNumber: true, width: "110px", render: (row) => figure(row.bucket) },
        ...(why ? [{ id: "why", label: "Changed", width: "84px", render: (row: (typeof rows)[number]) => <button type="button" class="link" aria-label={`What changed on ${fullDay(row.bucket.date)}?`} onClick={() => why(row.bucket.date)}>Why?</button> }] : []),
        ...groups.map((group) => ({ id: `g ${group.key}`, label: group.label, isNumber: true, width: "130px", render: (row: (typeof rows)[number]) => figure(row.entries.get(group.key)) })),
      ]}
    />
  );
}
