import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Query } from "../api/client.ts";
import type { MetricsRow } from "../api/types.ts";
import { change, query as parameters } from "../lib/location.ts";
import { columnMoney } from "../lib/money.ts";
import { errorRate, percent, sharesOf } from "../lib/numbers.ts";
import { ExportMenu } from "./export.tsx";
import { Count, Money } from "./figures.tsx";
import { byCost, sorted } from "./groups.tsx";
import { Icon } from "./icons.tsx";
import { Card } from "./ranking.tsx";
import { Await } from "./states.tsx";
import { VirtualTable, type Column } from "./table.tsx";

/** The columns that every list of usage ends with. */
export function metricsColumns<Row extends MetricsRow>(rows: readonly Row[]): Column<Row>[] {
  const money = columnMoney(rows.map((row) => row.cost));
  const total = rows.reduce((sum, row) => sum + Number(row.cost), 0);
  const shares = new Map(sharesOf(rows.map((row) => Number(row.cost)), total).map((share, index) => [rows[index]!, share]));
  return [
    { id: "cost", label: "Cost", width: "124px", isNumber: true, isSortable: true, render: (row) => <Money text={row.cost} as={money} /> },
    { id: "share", label: "Share", width: "124px", isNumber: true, isSecondary: true, render: (row) => <Share value={total > 0 ? Number(row.cost) / total : 0} text={shares.get(row) ?? ""} /> },
    { id: "requests", label: "Requests", width: "112px", isNumber: true, isSortable: true, render: (row) => <Count value={row.requestCount} full /> },
    { id: "tokens", label: "Tokens", width: "96px", isNumber: true, isSortable: true, isSecondary: true, render: (row) => <Count value={row.totalTokens} /> },
    { id: "errors", label: "Error rate", width: "100px", isNumber: true, isSortable: true, isSecondary: true, render: (row) => <span title={`${row.errorCount} errors`}>{errorRate(row.errorRate)}</span> },
  ];
}

export function Share({ value, text }: { value: number; text: string }) {
  return (
    <span class="share-cell">
      <span class="bar-track">
        <span class="bar" style={{ width: `${value * 100}%`, background: "var(--bar)" }} />
      </span>
      <span class="share">{text}</span>
    </span>
  );
}

export function metricsOrders<Row extends MetricsRow>(): Record<string, (a: Row, b: Row) => number> {
  return {
    cost: byCost,
    requests: (a, b) => a.requestCount - b.requestCount,
    tokens: (a, b) => a.totalTokens - b.totalTokens,
    errors: (a, b) => a.errorRate - b.errorRate,
  };
}

/** A list of things with their usage: search, order, totals at the foot, export. */
export function UsageTable<T, Row extends MetricsRow>({ query, url, title, note, noun, rowsOf, totalsOf, words, isCounted = () => true, columns, orders, height = 640 }: {
  query: Query<T>;
  url: string;
  title: string;
  note?: string;
  noun: string;
  rowsOf: (answer: T) => Row[];
  totalsOf: (answer: T) => MetricsRow;
  /** What search looks through. */
  words: (row: Row) => string;
  /** Whether a row is one of them: usage that belongs to none has a row too. */
  isCounted?: (row: Row) => boolean;
  /** Columns before those of the metrics. */
  columns: Column<Row>[];
  orders: Record<string, (a: Row, b: Row) => number>;
  height?: number;
}) {
  const [wanted, setWanted] = useState("");
  return (
    <Card
      title={title}
      {...(note ? { note } : {})}
      tools={
        <>
          <label class="search boxed">
            <Icon name="search" size={14} />
            <span class="sr">Search {noun}</span>
            <input type="search" placeholder={`Search ${noun}`} value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
          </label>
          <ExportMenu question={url} name={noun} />
        </>
      }
    >
      <Await query={query} height={height}>
        {(data) => <Rows rows={rowsOf(data)} totals={totalsOf(data)} wanted={wanted.trim().toLowerCase()} noun={noun} words={words} isCounted={isCounted} columns={columns} orders={orders} height={height} />}
      </Await>
    </Card>
  );
}

function Rows<Row extends MetricsRow>({ rows, totals, wanted, noun, words, isCounted, columns, orders, height }: {
  rows: Row[];
  totals: MetricsRow;
  wanted: string;
  noun: string;
  words: (row: Row) => string;
  isCounted: (row: Row) => boolean;
  columns: Column<Row>[];
  orders: Record<string, (a: Row, b: Row) => number>;
  height: number;
}) {
  const sort = parameters.value.get("sort") ?? "-cost";
  const shown = useMemo(() => sorted(rows.filter((row) => wanted === "" || words(row).toLowerCase().includes(wanted)), { ...metricsOrders<Row>(), ...orders }, sort), [rows, wanted, sort]);
  const last = useMemo(() => metricsColumns(rows), [rows]);
  const money = columnMoney([totals.cost]);
  const footer: ComponentChildren[] = [
    wanted === "" ? `${rows.filter(isCounted).length} ${noun}` : `${shown.length} of ${rows.length} ${noun}`,
    ...columns.slice(1).map(() => null),
    ...(wanted === "" ? [<Money text={totals.cost} as={money} />, null, <Count value={totals.requestCount} full />, <Count value={totals.totalTokens} />, errorRate(totals.errorRate)] : []),
  ];
  return (
    <VirtualTable
      label={noun}
      rows={shown}
      columns={[...columns, ...last]}
      height={height}
      sort={sort}
      onSort={(next) => change({ sort: next === "-cost" ? null : next }, true)}
      footer={footer}
      empty={wanted === "" ? `There are no ${noun}.` : "Nothing is called so."}
    />
  );
}

/** A small table of groups: name, cost with its share, requests. */
export function GroupsList({ title, question, rows, empty }: { title: string; question: string; rows: readonly (MetricsRow & { key?: string | null; label?: string | null; share: number })[]; empty: string }) {
  const money = columnMoney(rows.map((row) => row.cost));
  return (
    <Card
      title={title}
      className="span-6"
      tools={
        <ExportMenu
          question={question}
          name={title}
          isOnlyHere
          rows={() => [["key", "label", "cost", "requestCount", "totalTokens", "share"], ...rows.map((row) => [row.key ?? "", row.label ?? "", row.cost, String(row.requestCount), String(row.totalTokens), String(row.share)])]}
        />
      }
    >
      {rows.length === 0 ? (
        <div class="table-empty">{empty}</div>
      ) : (
        <div class="table-box short" tabIndex={0} role="region" aria-label={`${title}, table`}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col" class="number w-116 tiny-out">
                  Share
                </th>
                <th scope="col" class="number w-110">
                  Cost
                </th>
                <th scope="col" class="number w-110">
                  Requests
                </th>
                <th scope="col" class="number w-90 secondary">
                  Tokens
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.key ?? "others"}>
                  <th scope="row" title={row.label ?? ""}>
                    <bdi>{row.label}</bdi>
                  </th>
                  <td class="number tiny-out">
                    <Share value={row.share} text={percent(row.share)} />
                  </td>
                  <td class="number">
                    <Money text={row.cost} as={money} />
                  </td>
                  <td class="number">
                    <Count value={row.requestCount} full />
                  </td>
                  <td class="number secondary">
                    <Count value={row.totalTokens} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
