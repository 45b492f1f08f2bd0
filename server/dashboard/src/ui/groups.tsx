import { useMemo, useState } from "preact/hooks";
import { question, useQuery } from "../api/client.ts";
import { organizationWide } from "../api/organization.ts";
import type { Activity, RankedGroup } from "../api/types.ts";
import { change, query as parameters } from "../lib/location.ts";
import { columnMoney, locale, parseMoney } from "../lib/money.ts";
import { errorRate, exactCount } from "../lib/numbers.ts";
import { addFilter, asked, dimensionLabel, Dimensions, type Dimension } from "../lib/view.ts";
import { Link, Tag } from "./controls.tsx";
import { ExportMenu } from "./export.tsx";
import { Change, Count, metricChange, Money } from "./figures.tsx";
import { Icon } from "./icons.tsx";
import { learn } from "./names.ts";
import { Card, pageOf } from "./ranking.tsx";
import { Await } from "./states.tsx";
import { VirtualTable, type Column } from "./table.tsx";

/** Every group of the range in figures: nothing is cut off. */
export function GroupsTable({ dimension }: { dimension: Dimension }) {
  const url = question("/analytics/activity", { ...asked.value, groupBy: dimension, bucket: "month", compare: "previous", fields: "cost" });
  const query = useQuery<Activity>(url);
  const [words, setWords] = useState("");
  const plural = Dimensions.find(({ id }) => id === dimension)!.plural;
  return (
    <Card
      title={`All ${plural}`}
      tools={
        <>
          <label class="search boxed">
            <Icon name="search" size={14} />
            <span class="sr">Search {plural}</span>
            <input type="search" placeholder={`Search ${plural}`} value={words} onInput={(event) => setWords(event.currentTarget.value)} />
          </label>
          <ExportMenu question={url} name={`all ${plural}`} hasFocus />
        </>
      }
    >
      <Await query={query} height={240}>
        {(data) => <GroupRows data={data} dimension={dimension} words={words} />}
      </Await>
    </Card>
  );
}

const picos = new WeakMap<object, bigint>();

/** The cost of a row as a number that is exact, read once. */
function picoOf(row: { cost: string }): bigint {
  let pico = picos.get(row);
  if (pico === undefined) {
    picos.set(row, (pico = parseMoney(row.cost)));
  }
  return pico;
}

export function byCost(a: { cost: string }, b: { cost: string }): number {
  const difference = picoOf(a) - picoOf(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

const collator = new Intl.Collator(locale());
/** Names in the order of the reader's language. */
export const byName = (a: string, b: string): number => collator.compare(a, b);

const Orders: Record<string, (a: RankedGroup, b: RankedGroup) => number> = {
  name: (a, b) => byName(a.label ?? "", b.label ?? ""),
  cost: byCost,
  requests: (a, b) => a.requestCount - b.requestCount,
  tokens: (a, b) => a.totalTokens - b.totalTokens,
  input: (a, b) => a.inputTokens - b.inputTokens,
  output: (a, b) => a.outputTokens - b.outputTokens,
  errors: (a, b) => a.errorRate - b.errorRate,
  change: (a, b) => (metricChange(a, a.previous, "cost") ?? Infinity) - (metricChange(b, b.previous, "cost") ?? Infinity),
};

/** Rows in the order of `sort`; equal ones stay in the server's order. */
export function sorted<Row>(rows: readonly Row[], orders: Record<string, (a: Row, b: Row) => number>, sort: string): Row[] {
  const [name, sign] = sort.startsWith("-") ? [sort.slice(1), -1] : [sort, 1];
  const order = orders[name];
  return order ? [...rows].sort((a, b) => sign * order(a, b)) : [...rows];
}

function GroupRows({ data, dimension, words }: { data: Activity; dimension: Dimension; words: string }) {
  learn(dimension, data.ranking);
  const sort = parameters.value.get("sort") ?? "-cost";
  const wanted = words.trim().toLowerCase();
  const rows = useMemo(
    () => sorted(data.ranking.filter((row) => wanted === "" || `${row.label} ${row.key}`.toLowerCase().includes(wanted)), Orders, sort),
    [data, wanted, sort],
  );
  const money = useMemo(() => columnMoney(data.ranking.map((row) => row.cost)), [data]);
  const hasBefore = (data.totals.previous?.requestCount ?? 0) > 0;
  const columns: Column<RankedGroup>[] = [
    {
      id: "name", label: dimensionLabel(dimension), width: "auto", isSortable: true,
      render: (row) => {
        const page = pageOf(dimension, row.key ?? null);
        const label = row.label ?? "";
        return (
          <span class="cell-name">
            {page ? <Link href={page} title={label}><bdi>{label}</bdi></Link> : <bdi title={label}>{label}</bdi>}
            {row.deleted && <Tag>deleted</Tag>}
            {row.unpricedRequestCount > 0 && <Tag kind="warn" title={`${row.unpricedRequestCount} requests without a price: their cost is not in the sum`}>unpriced</Tag>}
            <button type="button" class="cell-action" aria-label={`Filter by ${label}`} title="Filter; with Alt, leave it out" onClick={(event) => addFilter(dimension, row.key ?? "", event.altKey && organizationWide.value === "open")}>
              <Icon name="filter" size={12} />
            </button>
          </span>
        );
      },
    },
    { id: "cost", label: "Cost", width: "128px", isNumber: true, isSortable: true, render: (row) => <Money text={row.cost} as={money} /> },
    ...(hasBefore ? [{ id: "change", label: "Change", width: "100px", isNumber: true, isSortable: true, isSecondary: true, render: (row) => <Change change={metricChange(row, row.previous, "cost")} title={row.previous ? `${row.previous.cost} USD before` : ""} /> } satisfies Column<RankedGroup>] : []),
    { id: "requests", label: "Requests", width: "118px", isNumber: true, isSortable: true, render: (row) => <Count value={row.requestCount} full /> },
    { id: "input", label: "Input tokens", width: "124px", isNumber: true, isSortable: true, isSecondary: true, render: (row) => <span title={`${exactCount(row.cachedInputTokens)} read from cache, ${exactCount(row.cacheWriteTokens)} written to it`}><Count value={row.inputTokens} /></span> },
    { id: "output", label: "Output tokens", width: "124px", isNumber: true, isSortable: true, isSecondary: true, render: (row) => <span title={`${exactCount(row.reasoningTokens)} of them reasoning`}><Count value={row.outputTokens} /></span> },
    { id: "errors", label: "Error rate", width: "104px", isNumber: true, isSortable: true, isSecondary: true, render: (row) => <span title={`${row.errorCount} errors`}>{errorRate(row.errorRate)}</span> },
  ];
  return (
    <VirtualTable
      label={`All ${dimensionLabel(dimension)}`}
      rows={rows}
      columns={columns}
      height={35 + 37 + 36 * 24}
      sort={sort}
      onSort={(next) => change({ sort: next === "-cost" ? null : next }, true)}
      footer={wanted === "" ? ["Total", <Money text={data.totals.cost} as={money} />, ...(hasBefore ? [null] : []), <Count value={data.totals.requestCount} full />, <Count value={data.totals.inputTokens} />, <Count value={data.totals.outputTokens} />, errorRate(data.totals.errorRate)] : [`${rows.length} of ${data.ranking.length}`]}
      empty={wanted === "" ? "No usage in this range." : "Nothing is called so."}
    />
  );
}
