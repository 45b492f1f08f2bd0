import { useMemo } from "preact/hooks";
import { question, useQuery } from "../api/client.ts";
import type { Activity, RankedGroup } from "../api/types.ts";
import { theme } from "../charts/palette.ts";
import { change, query as parameters } from "../lib/location.ts";
import { moneyText, parseMoney, shortMoney } from "../lib/money.ts";
import { shortCount } from "../lib/numbers.ts";
import { asked, dimensionLabel, Dimensions, type Dimension, type Metric } from "../lib/view.ts";
import { IconButton, Segmented } from "./controls.tsx";
import { ExportMenu } from "./export.tsx";
import { metricText } from "./figures.tsx";
import { Card } from "./ranking.tsx";
import { Await } from "./states.tsx";
import { copy } from "./status.ts";

const Rows = 14;
const Columns = 8;

interface Cell {
  cost: bigint;
  requestCount: number;
  totalTokens: number;
}

const none = (): Cell => ({ cost: 0n, requestCount: 0, totalTokens: 0 });

function add(into: Cell, row: RankedGroup): void {
  into.cost += parseMoney(row.cost);
  into.requestCount += row.requestCount;
  into.totalTokens += row.totalTokens;
}

function measure(cell: Cell, metric: Metric): number {
  return metric === "cost" ? Number(cell.cost) : metric === "requests" ? cell.requestCount : cell.totalTokens;
}

/** Two dimensions as a heat table: exact sums of pairs, totals both ways, the rest as Others. */
export function Pivot({ first, second, metric }: { first: Dimension; second: Dimension; metric: Metric }) {
  const url = question("/analytics/activity", { ...asked.value, groupBy: `${first},${second}`, bucket: "month", rankBy: metric, fields: "cost" });
  const query = useQuery<Activity>(url);
  const byColumn = parameters.value.get("scale") === "column";
  const plural = Dimensions.find(({ id }) => id === second)!.plural;
  return (
    <Card
      className="pivot-card"
      title={`${dimensionLabel(first)} by ${dimensionLabel(second).replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())}`}
      note="Totals of the selected range; the stronger the colour, the more"
      tools={
        <>
          <Segmented small label="Shading" options={[{ id: "all", label: "Whole table" }, { id: "column", label: "By column" }]} value={byColumn ? "column" : "all"} onChange={(id) => change({ scale: id === "column" ? "column" : null }, true)} />
          <ExportMenu question={url} name={`${first} by ${second}`} />
          <IconButton icon="close" label="Close the table" onClick={() => change({ then: null })} />
        </>
      }
    >
      <Await query={query} height={320}>
        {(data) => <PivotTable ranking={data.ranking} metric={metric} byColumn={byColumn} corner={`${dimensionLabel(first)}`} plural={plural} />}
      </Await>
    </Card>
  );
}

function PivotTable({ ranking, metric, byColumn, corner, plural }: { ranking: readonly RankedGroup[]; metric: Metric; byColumn: boolean; corner: string; plural: string }) {
  const colors = theme.value;
  const table = useMemo(() => tabulate(ranking, metric), [ranking, metric]);
  const steps = useMemo(() => scales(table, metric, byColumn), [table, metric, byColumn, colors]);
  const text = (cell: Cell) => (metric === "cost" ? (cell.cost === 0n ? "–" : shortMoney(moneyText(cell.cost))) : measure(cell, metric) === 0 ? "–" : shortCount(measure(cell, metric)));
  const exact = (cell: Cell) => metricText({ cost: moneyText(cell.cost), requestCount: cell.requestCount, totalTokens: cell.totalTokens }, metric, true);
  const asTsv = () =>
    [[corner, ...table.columns.map((column) => column.label), "Total"], ...table.rows.map((row, index) => [row.label, ...table.cells[index]!.map((cell) => plain(cell, metric)), plain(row.total, metric)])]
      .map((line) => line.join("\t"))
      .join("\n");
  return (
    <>
      <div class="table-box pivot" tabIndex={0} role="region" aria-label={`${corner} by ${plural}`}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{corner}</th>
              {table.columns.map((column) => (
                <th key={column.key ?? "others"} scope="col" class="number" title={column.label}>
                  <bdi>{column.label}</bdi>
                </th>
              ))}
              <th scope="col" class="number">
                Total
              </th>
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row, index) => (
              <tr key={row.key ?? "others"}>
                <th scope="row" title={row.label}>
                  <bdi>{row.label}</bdi>
                </th>
                {table.cells[index]!.map((cell, column) => (
                  <td key={column} class={`number heat heat-${steps[index]![column]}`} title={`${row.label}, ${table.columns[column]!.label}: ${exact(cell)}`}>
                    {text(cell)}
                  </td>
                ))}
                <td class="number strong" title={exact(row.total)}>
                  {text(row.total)}
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Total</th>
              {table.columns.map((column) => (
                <td key={column.key ?? "others"} class="number" title={exact(column.total)}>
                  {text(column.total)}
                </td>
              ))}
              <td class="number" title={exact(table.total)}>
                {text(table.total)}
              </td>
            </tr>
          </tfoot>
        </table>
      </div>
      <footer class="card-foot">
        <button type="button" class="link" onClick={() => void copy(asTsv(), "Table")}>
          Copy as text
        </button>
      </footer>
    </>
  );
}

function plain(cell: Cell, metric: Metric): string {
  return metric === "cost" ? moneyText(cell.cost) : String(measure(cell, metric));
}

interface Side {
  key: string | null;
  label: string;
  total: Cell;
}

export interface PivotCells {
  rows: Side[];
  columns: Side[];
  cells: Cell[][];
  total: Cell;
}

/** Pairs as a table: the largest rows and columns, the rest in a last row and column of Others, nothing lost. */
export function tabulate(ranking: readonly RankedGroup[], metric: Metric): PivotCells {
  const sides: [Map<string, Side>, Map<string, Side>] = [new Map(), new Map()];
  const total = none();
  for (const pair of ranking) {
    add(total, pair);
    for (const side of [0, 1] as const) {
      const key = pair.keys?.[side] ?? "\u0000others";
      const known = sides[side].get(key) ?? { key, label: pair.labels?.[side] ?? "Others", total: none() };
      add(known.total, pair);
      sides[side].set(key, known);
    }
  }
  const cut = (side: Map<string, Side>, most: number): Side[] => {
    const sorted = [...side.values()].sort((a, b) => measure(b.total, metric) - measure(a.total, metric) || (a.label < b.label ? -1 : 1));
    if (sorted.length <= most + 1) {
      return sorted;
    }
    const others: Side = { key: null, label: `Others (${sorted.length - most})`, total: none() };
    for (const { total: part } of sorted.slice(most)) {
      others.total.cost += part.cost;
      others.total.requestCount += part.requestCount;
      others.total.totalTokens += part.totalTokens;
    }
    return [...sorted.slice(0, most), others];
  };
  const rows = cut(sides[0], Rows);
  const columns = cut(sides[1], Columns);
  const rowOf = new Map(rows.map((row, index) => [row.key, index]));
  const columnOf = new Map(columns.map((column, index) => [column.key, index]));
  const cells = rows.map(() => columns.map(none));
  for (const pair of ranking) {
    const row = rowOf.get(pair.keys?.[0] ?? "\u0000others") ?? rows.length - 1;
    const column = columnOf.get(pair.keys?.[1] ?? "\u0000others") ?? columns.length - 1;
    add(cells[row]![column]!, pair);
  }
  return { rows, columns, cells, total };
}

/** Steps 0 to 7 by quantile; 0 is nothing at all. */
function scales(table: PivotCells, metric: Metric, byColumn: boolean): number[][] {
  const values = (cells: readonly Cell[]) => cells.map((cell) => measure(cell, metric)).filter((value) => value > 0).sort((a, b) => a - b);
  const whole = values(table.cells.flat());
  const columns = table.columns.map((_, index) => (byColumn ? values(table.cells.map((row) => row[index]!)) : whole));
  return table.cells.map((row) =>
    row.map((cell, index) => {
      const value = measure(cell, metric);
      const sorted = columns[index]!;
      if (value <= 0) {
        return 0;
      }
      let rank = 0;
      while (rank < sorted.length && sorted[rank]! < value) {
        rank++;
      }
      return 1 + Math.min(6, Math.floor((rank / Math.max(1, sorted.length)) * 7));
    }),
  );
}
