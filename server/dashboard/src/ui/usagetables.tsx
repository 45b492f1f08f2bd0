import { useEffect, useState } from "preact/hooks";
import { ask, question, type Answer, type Parameters, type ProblemError } from "../api/client.ts";
import { isSignedIn, refreshes } from "../api/client.ts";
import { organizationWide } from "../api/organization.ts";
import type { ItemRow, UsageRow } from "../api/types.ts";
import { momentIn } from "../lib/dates.ts";
import { columnMoney, unitPrice } from "../lib/money.ts";
import { exactCount } from "../lib/numbers.ts";
import { addFilter, asked, zone, type Dimension } from "../lib/view.ts";
import { ExportMenu } from "./export.tsx";
import { Count, Money } from "./figures.tsx";
import { Card } from "./ranking.tsx";
import { ErrorNote, Gate, isGate } from "./states.tsx";
import { dataThrough, isExact } from "./status.ts";
import { VirtualTable, type Column } from "./table.tsx";

const PageSize = 200;

/** Four decimals in every row: rows come page by page, so that the largest of a column is not known when the first are drawn. */
const rowMoney = columnMoney(["0.01"]);

interface Page<Row> {
  rows: Row[];
  nextCursor: string | null;
  exact: boolean;
  dataThrough: string | null;
}

/** Rows that come page by page, as far as the reader scrolls. */
function usePages<Row>(path: string, parameters: Parameters): { rows: Row[]; isLoading: boolean; hasMore: boolean; error: ProblemError | Error | null; more: () => void; retry: () => void } {
  const first = question(path, { ...parameters, limit: PageSize });
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<{ first: string; rows: Row[]; cursor: string | null; isLoading: boolean; error: Error | null }>({ first: "", rows: [], cursor: null, isLoading: true, error: null });
  useEffect(() => {
    const abort = new AbortController();
    setState((before) => ({ ...before, isLoading: true, error: null }));
    ask<Page<Row>>(first, abort.signal).then(
      ({ data }) => {
        dataThrough.value = data.dataThrough;
        isExact.value = data.exact;
        setState({ first, rows: data.rows, cursor: data.nextCursor, isLoading: false, error: null });
      },
      (error: unknown) => !abort.signal.aborted && setState((before) => ({ ...before, isLoading: false, error: error as Error })),
    );
    return () => abort.abort();
  }, [first, attempt, refreshes.value, isSignedIn.value]);
  const more = () => {
    if (state.isLoading || state.cursor === null || state.first !== first) {
      return;
    }
    setState({ ...state, isLoading: true });
    ask<Page<Row>>(question(path, { ...parameters, limit: PageSize, cursor: state.cursor })).then(
      ({ data }: Answer<Page<Row>>) => setState((before) => (before.first === first ? { ...before, rows: [...before.rows, ...data.rows], cursor: data.nextCursor, isLoading: false } : before)),
      (error: unknown) => setState((before) => ({ ...before, isLoading: false, error: error as Error })),
    );
  };
  return { rows: state.rows, isLoading: state.isLoading, hasMore: state.cursor !== null, error: state.error, more, retry: () => setAttempt(attempt + 1) };
}

function Tableau<Row>({ title, note, path, parameters, columns, height, noun, standardSort }: {
  title: string;
  note: string;
  path: string;
  parameters: Parameters;
  columns: Column<Row>[];
  height: number;
  noun: string;
  standardSort: string;
}) {
  const [sort, setSort] = useState(standardSort);
  const { rows, isLoading, hasMore, error, more, retry } = usePages<Row>(path, { ...parameters, sort });
  if (isGate(error)) {
    return <Gate error={error} feature={title} />;
  }
  return (
    <Card title={title} note={note} tools={<ExportMenu question={question(path, parameters)} name={noun} hasFocus />}>
      {error && rows.length === 0 ? (
        <ErrorNote error={error} retry={retry} />
      ) : (
        <VirtualTable
          label={title}
          rows={rows}
          columns={columns}
          height={height}
          isLoading={isLoading}
          sort={sort}
          onSort={setSort}
          onEnd={more}
          empty={isLoading ? "Loading…" : `No ${noun} in this range.`}
        />
      )}
      <footer class="card-foot quiet">
        {rows.length === 0 ? "\u00a0" : `${exactCount(rows.length)} ${noun}${hasMore ? ", more below" : ""}`}
      </footer>
    </Card>
  );
}

function Filterable({ dimension, id, label }: { dimension: Dimension; id: string; label: string }) {
  return id === "" ? (
    <span class="quiet">–</span>
  ) : (
    <button type="button" class="cell-filter" title={`Filter by ${label}; with Alt, leave it out`} onClick={(event) => addFilter(dimension, id, event.altKey && organizationWide.value === "open")}>
      <bdi>{label}</bdi>
    </button>
  );
}

/** Hourly rows of usage: every dimension, filtered by a press on a value, sorted, exported whole. */
export function RequestsTable({ title, parameters, height = 560, hasProject = true }: { title: string; parameters?: Parameters; height?: number; hasProject?: boolean }) {
  const columns: Column<UsageRow>[] = [
    { id: "time", label: "Time", width: "128px", isSortable: true, render: (row) => <time dateTime={row.start}>{momentIn(zone.value, row.start)}</time> },
    ...(hasProject ? [{ id: "project", label: "Project", width: "144px", render: (row: UsageRow) => <Filterable dimension="project" id={row.projectId} label={row.project} /> }] : []),
    { id: "model", label: "Model", width: "150px", render: (row) => <Filterable dimension="model" id={row.model} label={row.model} /> },
    { id: "apiKey", label: "API key", width: "136px", isSecondary: true, render: (row) => <Filterable dimension="apiKey" id={row.apiKeyId} label={row.apiKey} /> },
    { id: "requestCount", label: "Requests", width: "92px", isNumber: true, isSortable: true, render: (row) => <Count value={row.requestCount} full /> },
    { id: "errorCount", label: "Errors", width: "76px", isNumber: true, isSortable: true, isSecondary: true, render: (row) => (row.errorCount === 0 ? <span class="quiet">0</span> : exactCount(row.errorCount)) },
    { id: "inputTokens", label: "Input", width: "92px", isNumber: true, isSortable: true, isSecondary: true, render: (row) => <span title={`${exactCount(row.cachedInputTokens)} read from cache`}><Count value={row.inputTokens} /></span> },
    { id: "outputTokens", label: "Output", width: "92px", isNumber: true, isSortable: true, isSecondary: true, render: (row) => <span title={`${exactCount(row.reasoningTokens)} reasoning`}><Count value={row.outputTokens} /></span> },
    { id: "cost", label: "Cost", width: "104px", isNumber: true, isSortable: true, render: (row) => <Money text={row.cost} as={rowMoney} /> },
    { id: "provider", label: "Provider", width: "104px", isSecondary: true, render: (row) => <Filterable dimension="provider" id={row.provider} label={row.provider} /> },
    { id: "member", label: "Member", width: "128px", isSecondary: true, render: (row) => <Filterable dimension="member" id={row.memberId} label={row.member} /> },
    { id: "app", label: "App", width: "100px", isSecondary: true, render: (row) => <Filterable dimension="app" id={row.app} label={row.app} /> },
    { id: "serviceType", label: "Service type", width: "128px", isSecondary: true, render: (row) => <Filterable dimension="serviceType" id={row.serviceType} label={row.serviceType} /> },
    { id: "agent", label: "Agent", width: "110px", isSecondary: true, render: (row) => <Filterable dimension="agent" id={row.agentId} label={row.agent} /> },
  ];
  return <Tableau<UsageRow> title={title} note="A row for each hour and combination of dimensions; press a value to filter" path="/analytics/usage/requests" parameters={parameters ?? asked.value} columns={columns} height={height} noun="rows" standardSort="-time" />;
}

/** Prices as they are quoted: tokens and characters by the million. */
function perMillion(price: string | number, unit: string): string {
  const isSmall = unit === "token" || unit === "character";
  const value = Number(price) * (isSmall ? 1e6 : 1);
  return `${unitPrice(String(value))}${isSmall ? "/1M" : ""}`;
}

/** Priced items: what was measured, in which unit, and what it cost. */
export function ItemsTable({ title, parameters, height = 560, hasProject = true }: { title: string; parameters?: Parameters; height?: number; hasProject?: boolean }) {
  const columns: Column<ItemRow>[] = [
    { id: "time", label: "Time", width: "128px", isSortable: true, render: (row) => <time dateTime={row.start}>{momentIn(zone.value, row.start)}</time> },
    ...(hasProject ? [{ id: "project", label: "Project", width: "150px", render: (row: ItemRow) => <Filterable dimension="project" id={row.projectId} label={row.project} /> }] : []),
    { id: "mapping", label: "Mapping", width: "184px", isSecondary: true, render: (row) => <Filterable dimension="mapping" id={row.mapping} label={row.mapping} /> },
    { id: "rule", label: "Pricing rule", width: "160px", render: (row) => row.rule },
    { id: "quantity", label: "Quantity", width: "120px", isNumber: true, render: (row) => <Count value={row.quantity} full /> },
    { id: "unit", label: "Unit", width: "96px", isSecondary: true, render: (row) => <span class="quiet">{row.unit}</span> },
    { id: "unitPrice", label: "Unit price", width: "124px", isNumber: true, isSecondary: true, render: (row) => (row.unitPrice == null ? "–" : <span title="US dollars for one unit">{perMillion(row.unitPrice, row.unit)}</span>) },
    { id: "cost", label: "Cost", width: "112px", isNumber: true, isSortable: true, render: (row) => <Money text={row.cost} as={rowMoney} /> },
    { id: "serviceType", label: "Service type", width: "136px", isSecondary: true, render: (row) => <Filterable dimension="serviceType" id={row.serviceType} label={row.serviceType} /> },
    { id: "apiKey", label: "API key", width: "140px", isSecondary: true, render: (row) => <Filterable dimension="apiKey" id={row.apiKeyId} label={row.apiKey} /> },
  ];
  return <Tableau<ItemRow> title={title} note="What was measured under each pricing rule" path="/analytics/usage/items" parameters={parameters ?? asked.value} columns={columns} height={height} noun="items" standardSort="-time" />;
}
