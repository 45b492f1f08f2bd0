import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { prefetch, question, useQuery } from "../api/client.ts";
import type { Activity, RankedGroup } from "../api/types.ts";
import { OverTime, seriesOf } from "../charts/overtime.tsx";
import { colorsOf, theme } from "../charts/palette.ts";
import type { PlotHandle } from "../charts/plot.tsx";
import { longDay, rangeText } from "../lib/dates.ts";
import { change } from "../lib/location.ts";
import { exactMoney } from "../lib/money.ts";
import { exactCount } from "../lib/numbers.ts";
import { addFilter, asked, bucket, Dimensions, dimensionLabel, filters, groupBy, hidden, isCompared, isRunning, metric, Metrics, range, setRange, shape, thenBy, zone, type Dimension, type Metric, type Shape } from "../lib/view.ts";
import { Menu, MenuItem, Popover, Segmented } from "../ui/controls.tsx";
import { ExportMenu } from "../ui/export.tsx";
import { Change, CardMoney, Count, metricChange, metricText, plotted } from "../ui/figures.tsx";
import { Icon } from "../ui/icons.tsx";
import { Kpi } from "../ui/kpi.tsx";
import { Pivot } from "../ui/pivot.tsx";
import { Card, Ranking } from "../ui/ranking.tsx";
import { Await, Empty, Gate, isGate } from "../ui/states.tsx";
import { GroupsTable } from "../ui/groups.tsx";
import { DataTable } from "../ui/datatable.tsx";
import { Explain } from "../ui/explain.tsx";
import { dataThrough, isExact, timing } from "../ui/status.ts";

const Top = 10;
const ChartHeight = 380;
const MainDimensions = ["model", "project", "apiKey"] as const;

/** Whether the panel of what changed is open, and for which day. */
export const explained = signal<{ from: string; to: string } | null>(null);

function activityQuestion(by: Dimension, of: Metric): string {
  return question("/analytics/activity", { ...asked.value, groupBy: by, bucket: bucket.value, top: Top, rankBy: of, compare: "previous" });
}

export function AnalyticsPage() {
  const by = groupBy.value;
  const of = metric.value;
  const query = useQuery<Activity>(activityQuestion(by, of));
  const answer = query.answer?.data;

  useEffect(() => {
    if (query.answer) {
      dataThrough.value = query.answer.data.dataThrough ?? null;
      isExact.value = query.answer.data.exact;
      timing.value = query.answer.timing;
      // What is one press away is asked ahead, so that a tab or a grouping changes at once.
      const idle = setTimeout(() => {
        for (const { id } of Metrics) {
          prefetch(activityQuestion(by, id));
        }
        for (const id of MainDimensions) {
          prefetch(activityQuestion(id, of));
        }
      }, 250);
      return () => clearTimeout(idle);
    }
    return undefined;
  }, [query.answer]);

  if (isGate(query.error)) {
    return <Gate error={query.error} feature="Organization analytics" />;
  }
  return (
    <>
      <h1 class="sr">Organization analytics</h1>
      <Cards answer={answer} />
      <Controls />
      {answer && answer.totals.requestCount === 0 && !query.isStale && !query.isLoading ? (
        <div class="card">
          <Empty dataThrough={answer.dataThrough ?? null}>
            <p>{rangeText(answer.from, answer.to)} has no requests{filters.value.length > 0 ? " that match" : ""}.</p>
          </Empty>
        </div>
      ) : (
        <div class="grid">
          <Charts query={query} />
        </div>
      )}
      {thenBy.value && <Pivot first={by} second={thenBy.value} metric={of} />}
      <GroupsTable dimension={by} />
      {explained.value && <Explain {...explained.value} onClose={() => (explained.value = null)} />}
    </>
  );
}

function Cards({ answer }: { answer: Activity | undefined }) {
  const totals = answer?.totals;
  // A range before the first data is no comparison.
  const previous = totals?.previous && totals.previous.requestCount > 0 ? totals.previous : undefined;
  const before = answer?.comparison ? (previous ? `vs ${rangeText(answer.comparison.from, answer.comparison.to)}` : "nothing before to compare with") : "";
  // Buckets that are not over would end the line in a fall that is none.
  const full = answer?.activity.filter((row) => answer.dataThrough && Date.parse(row.end) <= Date.parse(answer.dataThrough)) ?? [];
  const spark = (of: Metric) => full.map((row) => plotted(row, of));
  const changeOf = (of: Metric) => totals && <Change change={metricChange(totals, previous, of)} title={previous ? `${metricText(previous, of, true)} before` : ""} />;
  return (
    <div class="cards">
      <Kpi label="Total spend" spark={spark("cost")} change={changeOf("cost")} note={totals ? before : ""}>
        {totals ? <CardMoney text={totals.cost} /> : <span class="bone" />}
      </Kpi>
      <Kpi label="Requests" spark={spark("requests")} change={changeOf("requests")} note={totals && totals.unpricedRequestCount > 0 ? <span title="Their cost is unknown and not in the total spend.">{exactCount(totals.unpricedRequestCount)} without a price</span> : totals ? before : ""}>
        {totals ? <Count value={totals.requestCount} full /> : <span class="bone" />}
      </Kpi>
      <Kpi
        label="Tokens"
        spark={spark("tokens")}
        change={changeOf("tokens")}
        note={totals ? `${metricText({ totalTokens: totals.inputTokens }, "tokens")} in · ${metricText({ totalTokens: totals.outputTokens }, "tokens")} out` : ""}
        {...(totals ? { title: tokenSentence(totals) } : {})}
      >
        {totals ? <Count value={totals.totalTokens} full /> : <span class="bone" />}
      </Kpi>
    </div>
  );
}

export function tokenSentence(row: { inputTokens: number; cachedInputTokens: number; cacheWriteTokens: number; outputTokens: number; reasoningTokens: number }): string {
  return `Input ${exactCount(row.inputTokens)}, of which ${exactCount(row.cachedInputTokens)} read from and ${exactCount(row.cacheWriteTokens)} written to the cache. Output ${exactCount(row.outputTokens)}, of which ${exactCount(row.reasoningTokens)} reasoning.`;
}

function Controls() {
  const by = groupBy.value;
  const isMain = (MainDimensions as readonly string[]).includes(by);
  const more = Dimensions.filter((dimension) => !(MainDimensions as readonly string[]).includes(dimension.id));
  const setBy = (id: Dimension) => change({ by: id === "model" ? null : id, hide: null, ...(thenBy.value === id ? { then: null } : {}) });
  return (
    <div class="controls" role="toolbar" aria-label="Breakdown">
      <span class="control-label">Breakdown by</span>
      <Segmented label="Breakdown by" options={Dimensions.filter((dimension) => (MainDimensions as readonly string[]).includes(dimension.id))} value={isMain ? by : null} onChange={setBy} onHint={(id) => prefetch(activityQuestion(id, metric.value))} />
      <Popover label="More breakdowns" className={isMain ? "" : "chosen"} trigger={<>{isMain ? "More" : dimensionLabel(by)} <Icon name="down" size={12} /></>}>
        {(close) => (
          <Menu>
            {more.map(({ id, label }) => (
              <MenuItem
                key={id}
                isChosen={id === by}
                onClick={() => {
                  setBy(id);
                  close();
                }}
              >
                {label}
              </MenuItem>
            ))}
          </Menu>
        )}
      </Popover>
      <Popover label="Then by" className={thenBy.value ? "chosen" : ""} trigger={<>{thenBy.value ? `then ${dimensionLabel(thenBy.value).toLowerCase()}` : "then by"} <Icon name="down" size={12} /></>}>
        {(close) => (
          <Menu>
            <MenuItem
              isChosen={thenBy.value === null}
              onClick={() => {
                change({ then: null });
                close();
              }}
            >
              No second dimension
            </MenuItem>
            {Dimensions.filter(({ id }) => id !== by).map(({ id, label }) => (
              <MenuItem
                key={id}
                isChosen={id === thenBy.value}
                onClick={() => {
                  change({ then: id });
                  close();
                }}
              >
                {label}
              </MenuItem>
            ))}
          </Menu>
        )}
      </Popover>
      <span class="grow" />
      <button type="button" class="button" aria-pressed={explained.value !== null} onClick={() => (explained.value = explained.value ? null : { from: range.value.from, to: range.value.to })}>
        <Icon name="bulb" /> What changed?
      </button>
    </div>
  );
}

function MetricTabs({ label }: { label: string }) {
  return <Segmented small label={label} options={Metrics} value={metric.value} onChange={(id) => change({ metric: id === "cost" ? null : id })} onHint={(id) => prefetch(activityQuestion(groupBy.value, id))} />;
}

const Shapes = [
  { id: "area", label: "Stacked area", icon: "area" },
  { id: "bars", label: "Bars", icon: "bars" },
  { id: "lines", label: "Lines", icon: "lines" },
] as const;

function Charts({ query }: { query: ReturnType<typeof useQuery<Activity>> }) {
  const [hovered, setHovered] = useState<string | null | undefined>(undefined);
  const [isOthersOpen, setOthersOpen] = useState(false);
  const [showsData, setShowsData] = useState(false);
  const plot = useRef<PlotHandle>(null);
  const answer = query.answer?.data;
  // What the answer on screen was asked for, which while the next is under way differs from the address.
  const shown = query.answer ? new URL(query.answer.url, location.origin).searchParams : null;
  const by = (shown?.get("groupBy") ?? groupBy.value) as Dimension;
  const of = (shown?.get("rankBy") ?? metric.value) as Metric;
  const size = (answer?.bucket ?? bucket.value) as typeof bucket.value;
  const colors = theme.value;
  const off = hidden.value;

  const all = useQuery<Activity>(isOthersOpen ? question("/analytics/activity", { ...asked.value, groupBy: by, bucket: "month", rankBy: of, compare: "previous", fields: "cost" }) : null);
  const comparison = answer?.comparison;
  const before = useQuery<Activity>(isCompared.value && comparison ? question("/analytics/activity", { ...asked.value, from: comparison.from, to: comparison.to, groupBy: by, bucket: size, top: 1 }) : null);

  const groups = useMemo(() => answer?.ranking.map((group) => ({ key: group.key ?? null, label: group.label ?? "", deleted: group.deleted ?? false })) ?? [], [answer]);
  const chosen = useMemo(() => colorsOf(by, groups.map((group) => group.key)), [groups, by, colors]);
  const sparks = useMemo(() => new Map(answer ? seriesOf(answer.activity.filter((row) => answer.dataThrough && Date.parse(row.end) <= Date.parse(answer.dataThrough)), groups, by, of, false).map((each) => [each.key, each.values] as const) : []), [answer, groups, by, of]);
  const ranking = isOthersOpen && all.answer && !all.isStale ? unfolded(answer?.ranking ?? [], all.answer.data.ranking) : (answer?.ranking ?? []);

  const toggle = (id: string) => change({ hide: off.has(id) ? [...off].filter((other) => other !== id) : [...off, id] }, true);
  const only = (id: string) => change({ hide: groups.map((group) => group.key ?? "others").filter((other) => other !== id) }, true);
  const noun = dimensionLabel(by).toLowerCase();
  const title = `${Metrics.find((each) => each.id === of)!.label} by ${by === "apiKey" ? "API key" : noun}`;
  const summary = answer ? summarize(title, answer, of) : title;

  return (
    <>
      <Card
        className="span-8"
        title={`${title} over time`}
        note={`${size === "hour" ? "Hourly" : size === "day" ? "Daily" : size === "week" ? "Weekly" : "Monthly"} usage per ${by === "apiKey" ? "API key" : noun} across the organization`}
        tools={
          <>
            <MetricTabs label="Metric over time" />
            <Segmented small label="Shape" options={Shapes} value={shape.value} onChange={(id: Shape) => change({ view: id === "area" ? null : id })} />
            <Popover label="Chart options" align="end" className="quiet" trigger={<Icon name="settings" />}>
              {() => <ChartOptions />}
            </Popover>
            <ExportMenu question={activityQuestion(by, of)} name={`${title} over time`} image={() => plot.current?.image() ?? null} />
          </>
        }
      >
        <Await query={query} height={ChartHeight}>
          {(data) => (
            <OverTime
              activity={data.activity}
              groups={groups}
              dimension={by}
              metric={of}
              bucket={size}
              shape={shape.value}
              zone={data.timezone}
              lastDay={data.to}
              dataThrough={data.dataThrough ?? null}
              height={ChartHeight}
              isRunning={isRunning.value}
              previous={isCompared.value && before.answer && !before.isStale ? before.answer.data.activity : undefined}
              hidden={off}
              highlight={hovered}
              handle={plot}
              summary={summary}
              onPick={(key) => key !== null && addFilter(by, key)}
              onSelect={(first, last) => setRange({ from: data.activity[first]!.date.slice(0, 10), to: lastDayOf(data, last) })}
            />
          )}
        </Await>
        <footer class="card-foot">
          <button type="button" class="link" aria-expanded={showsData} onClick={() => setShowsData(!showsData)}>
            <Icon name="table" size={14} /> {showsData ? "Hide data" : "Show data"}
          </button>
          {isRunning.value && <span class="quiet">Running total</span>}
          {isCompared.value && comparison && <span class="quiet legend-line">{rangeText(comparison.from, comparison.to)}</span>}
          <span class="grow" />
          <span class="quiet">Drag to zoom · press a layer to filter</span>
        </footer>
        {showsData && answer && <DataTable answer={answer} groups={groups} metric={of} />}
      </Card>
      <Card className="span-4 ranking-card" title={title} note={`Total usage by ${by === "apiKey" ? "API key" : noun} for the selected range`} tools={<MetricTabs label="Metric of the ranking" />}>
        <Await query={query} height={ChartHeight} className="fill">
          {(data) => (
            <Ranking
              groups={ranking}
              dimension={by}
              metric={of}
              colors={chosen}
              hidden={off}
              sparks={sparks}
              totals={data.totals}
              hasChange={(data.totals.previous?.requestCount ?? 0) > 0}
              onFilter={(key) => addFilter(by, key)}
              onHide={toggle}
              onOnly={only}
              onHover={setHovered}
              isOthersOpen={isOthersOpen}
              onOthers={() => setOthersOpen(!isOthersOpen)}
            />
          )}
        </Await>
      </Card>
    </>
  );
}

/** The first groups, the row of others, and below it what it consists of. */
function unfolded(top: readonly RankedGroup[], all: readonly RankedGroup[]): RankedGroup[] {
  const known = new Set(top.map((group) => group.key));
  return [...top, ...all.filter((group) => group.key !== null && !known.has(group.key))];
}

function lastDayOf(data: Activity, index: number): string {
  const next = data.activity[index + 1]?.date.slice(0, 10);
  const own = data.activity[index]!.date.slice(0, 10);
  if (data.bucket === "hour" || data.bucket === "day") {
    return own;
  }
  return next ? new Date(Date.parse(`${next}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10) : data.to;
}

function ChartOptions() {
  return (
    <Menu>
      <MenuItem isChosen={isCompared.value} onClick={() => change({ cmp: isCompared.value ? null : "previous" })}>
        Previous period as a line
      </MenuItem>
      <MenuItem isChosen={isRunning.value} onClick={() => change({ sum: isRunning.value ? null : "running" })}>
        Running total
      </MenuItem>
      <hr />
      {(["hour", "day", "week", "month"] as const).map((size) => (
        <MenuItem key={size} isChosen={bucket.value === size} onClick={() => change({ bucket: size })}>
          By {size}
        </MenuItem>
      ))}
    </Menu>
  );
}

function summarize(title: string, answer: Activity, of: Metric): string {
  const first = answer.ranking.filter((group) => group.key !== null).slice(0, 3).map((group) => `${group.label} ${metricText(group, of)}`);
  const total = of === "cost" ? exactMoney(answer.totals.cost) : metricText(answer.totals, of, true);
  return `${title}, ${longDay(answer.from)} to ${longDay(answer.to)}, ${zone.value}. Total ${total}. Largest: ${first.join(", ") || "none"}. Arrow keys read each bucket.`;
}
