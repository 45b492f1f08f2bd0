import type { ComponentChildren } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { prefetch, useQuery, type Query } from "../api/client.ts";
import { organizationWide } from "../api/organization.ts";
import type { Activity, ActivityBucket, MetricsRow, RankedGroup } from "../api/types.ts";
import { activityData, OverTime, seriesOf } from "../charts/overtime.tsx";
import { colorsKnown, colorsOf, configuredColors, theme } from "../charts/palette.ts";
import { barsPicture } from "../charts/pictures.ts";
import type { PlotHandle } from "../charts/plot.tsx";
import { addDays, longDay, rangeText } from "../lib/dates.ts";
import { change } from "../lib/location.ts";
import { exactMoney, moneyText, parseMoney } from "../lib/money.ts";
import { addFilter, bucket, dimensionLabel, hidden, isCompared, isRunning, isZoomed, metric, Metrics, shape, zoomOut, zoomTo, type Bucket, type Dimension, type Metric, type Shape } from "../lib/view.ts";
import { Menu, MenuItem, Popover, Segmented } from "./controls.tsx";
import { DataTable } from "./datatable.tsx";
import { ExportMenu } from "./export.tsx";
import { metricText, plotted } from "./figures.tsx";
import { Icon } from "./icons.tsx";
import { learn } from "./names.ts";
import { Card, Ranking } from "./ranking.tsx";
import { Await } from "./states.tsx";

/** Usage over time and in all, by one dimension: what the two charts need of an answer. */
export interface UsageView {
  bucket: string;
  timezone: string;
  from: string;
  to: string;
  dataThrough: string | null;
  totals: MetricsRow & { previous?: MetricsRow | null };
  comparison: { from: string; to: string; end: string } | null;
  activity: ActivityBucket[];
  ranking: RankedGroup[];
}

export const ChartHeight = 380;
/** Of the row below the ranking. */
const TotalsHeight = 55;
const Top = 10;

export function MetricTabs({ label, onHint }: { label: string; onHint?: (id: Metric) => void }) {
  return <Segmented small label={label} options={Metrics} value={metric.value} onChange={(id) => change({ metric: id === "cost" ? null : id })} {...(onHint ? { onHint } : {})} />;
}

const Shapes = [
  { id: "area", label: "Stacked area", icon: "area" },
  { id: "bars", label: "Bars", icon: "bars" },
  { id: "lines", label: "Lines", icon: "lines" },
] as const;

function nounOf(dimension: Dimension): string {
  const label = dimensionLabel(dimension);
  return label.startsWith("API") ? label : label.toLowerCase();
}

/** The over-time chart and the ranking, which is also its legend. */
export function UsageCharts<T>({ query, view, dimension, scope, questionOf, unfold, before, why, tools }: {
  query: Query<T>;
  view: (answer: T) => UsageView;
  dimension: Dimension;
  /** What the usage is of, in the note: `across the organization`. */
  scope: string;
  questionOf: (metric: Metric) => string;
  /** All groups of the range, for the row of others. */
  unfold?: (metric: Metric) => string;
  /** The answer about an earlier range, for the dashed line. */
  before?: (from: string, to: string, bucket: Bucket) => string;
  /** Opens what made a day different. */
  why?: (day: string) => void;
  /** More controls of the over-time chart. */
  tools?: ComponentChildren;
}) {
  const [hovered, setHovered] = useState<string | null | undefined>(undefined);
  const [isOthersOpen, setOthersOpen] = useState(false);
  const [showsData, setShowsData] = useState(false);
  const plot = useRef<PlotHandle>(null);
  // What the answer on screen was asked for, which while the next is under way differs from the address.
  const shown = query.answer ? new URL(query.answer.url, location.origin).searchParams : null;
  const of = (shown?.get("rankBy") ?? metric.value) as Metric;
  const by = (shown?.get("groupBy") ?? dimension) as Dimension;
  const colors = theme.value;
  const configured = configuredColors.value;
  const off = hidden.value;
  // Projects have colours of their own, and no picture changes its colours after it was seen.
  const isReady = by !== "project" || colorsKnown.value;
  const answer = useMemo(() => (query.answer && isReady ? folded(view(query.answer.data), of) : undefined), [query.answer?.data, of, isReady]);
  const size = (answer?.bucket ?? bucket.value) as Bucket;

  const all = useQuery<Activity>(isOthersOpen && unfold ? unfold(of) : null);
  const comparison = answer?.comparison;
  const earlier = useQuery<T>(isCompared.value && comparison && before ? before(comparison.from, comparison.to, size) : null);
  const earlierTotals = answer?.totals.previous;
  const previous = useMemo(
    () => (isCompared.value && comparison && earlierTotals && earlier.answer && !earlier.isStale ? cutAt(view(earlier.answer.data).activity, comparison.end, earlierTotals) : undefined),
    [isCompared.value, comparison, earlierTotals, earlier.answer?.data, earlier.isStale],
  );

  const groups = useMemo(() => answer?.ranking.map((group) => ({ key: group.key ?? null, label: group.label ?? "", deleted: group.deleted ?? false })) ?? [], [answer]);
  if (answer) {
    learn(by, answer.ranking);
  }
  const chosen = useMemo(() => colorsOf(by, groups.map((group) => group.key)), [groups, by, colors, configured]);
  const sparks = useMemo(() => {
    const full = answer?.activity.filter((row) => answer.dataThrough !== null && Date.parse(row.end) <= Date.parse(answer.dataThrough)) ?? [];
    return new Map(seriesOf(full, groups, by, of, false).map((each) => [each.key, each.values] as const));
  }, [answer, groups, by, of]);
  const ranking = isOthersOpen && all.answer && !all.isStale ? unfolded(answer?.ranking ?? [], all.answer.data.ranking) : (answer?.ranking ?? []);

  const toggle = (id: string) => change({ hide: off.has(id) ? [...off].filter((other) => other !== id) : [...off, id] }, true);
  const only = (id: string) => change({ hide: groups.map((group) => group.key ?? "others").filter((other) => other !== id) }, true);
  const noun = nounOf(by);
  const title = `${Metrics.find((each) => each.id === of)!.label} by ${noun}`;
  const hint = (id: Metric) => prefetch(questionOf(id));
  return (
    <div class="grid">
      <Card
        className="span-8"
        title={`${title} over time`}
        note={`${{ hour: "Hourly", day: "Daily", week: "Weekly", month: "Monthly" }[size]} usage per ${noun} ${scope}`}
        tools={
          <>
            {tools}
            <MetricTabs label="Metric over time" onHint={hint} />
            <Segmented small label="Shape" options={Shapes} value={shape.value} onChange={(id: Shape) => change({ view: id === "area" ? null : id })} />
            <Popover label="Chart options" align="end" className="quiet" trigger={<Icon name="settings" />}>
              {() => <ChartOptions canCompare={before !== undefined} />}
            </Popover>
            <ExportMenu question={questionOf(of)} name={`${title} over time`} image={() => plot.current?.image() ?? null} />
          </>
        }
      >
        <Await query={query} height={ChartHeight}>
          {() =>
            !answer ? (
              <div style={{ height: `${ChartHeight}px` }} />
            ) : (
              <OverTime
                activity={answer.activity}
                groups={groups}
                dimension={by}
                metric={of}
                bucket={size}
                shape={shape.value}
                zone={answer.timezone}
                lastDay={answer.to}
                dataThrough={answer.dataThrough}
                height={ChartHeight}
                isRunning={isRunning.value}
                previous={previous}
                hidden={off}
                highlight={hovered}
                handle={plot}
                summary={summarize(title, answer, of)}
                onPick={(key, isExcluded) => key !== null && addFilter(by, key, isExcluded && organizationWide.value === "open")}
                onBack={isZoomed.value ? zoomOut : undefined}
                onSelect={(first, last) => zoomTo({ from: answer.activity[first]!.date.slice(0, 10), to: lastDayOf(answer, last) })}
              />
            )
          }
        </Await>
        <footer class="card-foot">
          <button type="button" class="link" aria-expanded={showsData} onClick={() => setShowsData(!showsData)}>
            <Icon name="table" size={14} /> {showsData ? "Hide data" : "Show data"}
          </button>
          {isRunning.value && <span class="quiet">Running total</span>}
          {previous && comparison && <span class="quiet legend-line">{rangeText(comparison.from, comparison.to)}</span>}
          <span class="grow" />
          {isZoomed.value ? (
            <button type="button" class="link" onClick={zoomOut} title="Or press twice on the chart">
              <Icon name="zoomOut" size={14} /> Back to the wider range
            </button>
          ) : (
            <span class="quiet">Drag to zoom · press a layer to filter, with Alt to leave it out</span>
          )}
        </footer>
      </Card>
      <Card className="span-4 ranking-card" title={title} note={`Total usage by ${noun} for the selected range`} tools={
          <>
            <MetricTabs label="Metric of the ranking" onHint={hint} />
            <ExportMenu
              question={questionOf(of)}
              name={`${title}, ranking`}
              rows={() => [["key", "label", "cost", "requestCount", "totalTokens", "share"], ...ranking.map((group) => [group.key ?? "", group.label ?? "", group.cost, String(group.requestCount), String(group.totalTokens), String(group.share)])]}
              image={() => barsPicture(ranking.map((group) => ({ label: group.label ?? "", color: chosen.get(group.key ?? null) ?? "#888", value: plotted(group, of), text: metricText(group, of, true) })))}
            />
          </>
        }>
        <Await query={query} height={ChartHeight + TotalsHeight} className="fill">
          {() =>
            !answer ? (
              <div style={{ height: `${ChartHeight + TotalsHeight}px` }} />
            ) : (
              <Ranking
                groups={ranking}
                dimension={by}
                metric={of}
                colors={chosen}
                hidden={off}
                sparks={sparks}
                totals={answer.totals}
                hasChange={(answer.totals.previous?.requestCount ?? 0) > 0}
                onFilter={(key, isExcluded) => addFilter(by, key, isExcluded && organizationWide.value === "open")}
                onHide={toggle}
                onOnly={only}
                onHover={setHovered}
                isOthersOpen={isOthersOpen}
                {...(unfold ? { onOthers: () => setOthersOpen(!isOthersOpen) } : {})}
              />
            )
          }
        </Await>
      </Card>
      {showsData && answer && (
        <Card className="span-12" title="Data of the chart" note={`A row for each ${size}, a column for each ${noun}`}>
          <DataTable
            label="Data of the chart"
            data={activityData(answer, groups, of)}
            {...(why && size === "day" ? { why } : {})}
          />
        </Card>
      )}
    </div>
  );
}

/** Cuts an answer that has every group to the largest and Others; an answer that is cut already stays as it is. */
export function folded(view: UsageView, of: Metric, top = Top): UsageView {
  if (view.ranking.length <= top + 1 || view.ranking.some((group) => group.key === null)) {
    return view;
  }
  const order = [...view.ranking].sort((a, b) => plotted(b, of) - plotted(a, of));
  const kept = order.slice(0, top);
  const keys = new Set(kept.map((group) => group.key));
  const others: RankedGroup = { ...order[top]!, key: null, label: "Others", deleted: false };
  others.previous = null;
  const numbers = ["requestCount", "errorCount", "clientErrorCount", "cacheHitCount", "inputTokens", "cachedInputTokens", "cacheWriteTokens", "outputTokens", "reasoningTokens", "totalTokens", "unpricedRequestCount"] as const;
  for (const name of numbers) {
    others[name] = order.slice(top).reduce((sum, group) => sum + group[name], 0);
  }
  others.cost = moneyText(order.slice(top).reduce((sum, group) => sum + parseMoney(group.cost), 0n));
  others.errorRate = others.requestCount === 0 ? 0 : others.errorCount / others.requestCount;
  const activity = view.activity.map((bucket) => {
    const rest = bucket.breakdown.filter((entry) => !keys.has(entry.key ?? null));
    if (rest.length === 0) {
      return bucket;
    }
    const sum = {
      key: null,
      label: "Others",
      cost: moneyText(rest.reduce((total, entry) => total + parseMoney(entry.cost ?? "0"), 0n)),
      requestCount: rest.reduce((total, entry) => total + (entry.requestCount ?? 0), 0),
      totalTokens: rest.reduce((total, entry) => total + (entry.totalTokens ?? 0), 0),
    };
    return { ...bucket, breakdown: [...bucket.breakdown.filter((entry) => keys.has(entry.key ?? null)), sum] };
  });
  return { ...view, ranking: [...kept, others], activity };
}

/**
 * As much of the earlier range as this one has data for. The last bucket is what its full ones leave of the whole, which the
 * server has cut to the instant.
 */
function cutAt(activity: readonly ActivityBucket[], end: string, whole: MetricsRow): ActivityBucket[] {
  const at = Date.parse(end);
  const full = activity.filter((bucket) => Date.parse(bucket.end) <= at);
  const next = activity[full.length];
  if (!next || Date.parse(next.start) >= at) {
    return full;
  }
  return [
    ...full,
    {
      ...next,
      cost: moneyText(full.reduce((rest, bucket) => rest - parseMoney(bucket.cost), parseMoney(whole.cost))),
      requestCount: full.reduce((rest, bucket) => rest - bucket.requestCount, whole.requestCount),
      totalTokens: full.reduce((rest, bucket) => rest - bucket.totalTokens, whole.totalTokens),
    },
  ];
}

/** The first groups, the row of others, and below it what it consists of. */
function unfolded(top: readonly RankedGroup[], all: readonly RankedGroup[]): RankedGroup[] {
  const known = new Set(top.map((group) => group.key));
  return [...top, ...all.filter((group) => group.key !== null && !known.has(group.key))];
}

function lastDayOf(view: UsageView, index: number): string {
  const next = view.activity[index + 1]?.date.slice(0, 10);
  const own = view.activity[index]!.date.slice(0, 10);
  return view.bucket === "hour" || view.bucket === "day" ? own : next ? addDays(next, -1) : view.to;
}

function ChartOptions({ canCompare }: { canCompare: boolean }) {
  return (
    <Menu>
      {canCompare && (
        <MenuItem isChosen={isCompared.value} onClick={() => change({ cmp: isCompared.value ? null : "previous" })}>
          Previous period as a line
        </MenuItem>
      )}
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

function summarize(title: string, view: UsageView, of: Metric): string {
  const first = view.ranking.filter((group) => group.key !== null).slice(0, 3).map((group) => `${group.label} ${metricText(group, of)}`);
  const total = of === "cost" ? exactMoney(view.totals.cost) : metricText(view.totals, of, true);
  return `${title}, ${longDay(view.from)} to ${longDay(view.to)}, ${view.timezone}. Total ${total}. Largest: ${first.join(", ") || "none"}. Arrow keys read each bucket.`;
}
