import type { ComponentChildren } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { question, useQuery } from "../api/client.ts";
import type { ApiKeys, ProjectDetail, Summary } from "../api/types.ts";
import { activityData, seriesOf } from "../charts/overtime.tsx";
import { colorsOf, ink, slots, theme } from "../charts/palette.ts";
import type { PlotHandle, Series } from "../charts/plot.tsx";
import { SimplePlot } from "../charts/simpleplot.tsx";
import { clockIn, dayIn, firstOfMonth, momentIn, monthName } from "../lib/dates.ts";
import { change, query as parameters } from "../lib/location.ts";
import { errorRate, exactCount, percent } from "../lib/numbers.ts";
import { asked, bucket, organizationId, setRange, today, zone, type Metric } from "../lib/view.ts";
import { Menu, MenuItem, Popover, Segmented } from "../ui/controls.tsx";
import { ShowData, type PlotData } from "../ui/datatable.tsx";
import { ExportMenu } from "../ui/export.tsx";
import { CardMoney, Count, plotted } from "../ui/figures.tsx";
import { Icon } from "../ui/icons.tsx";
import { Kpi, UsageCards } from "../ui/kpi.tsx";
import { GroupsList } from "../ui/list.tsx";
import { Card } from "../ui/ranking.tsx";
import { Await } from "../ui/states.tsx";
import { ItemsTable, RequestsTable } from "../ui/usagetables.tsx";
import { useRange } from "./members.tsx";

interface Props {
  id: string;
  heading: (answer: ProjectDetail | undefined, when?: string) => ComponentChildren;
  tabs: ComponentChildren;
}

/** The operational view of a project: this month, today, the latest hours. */
export function ProjectDashboard({ id, heading, tabs }: Props) {
  const shared = { organizationId: organizationId.value, timezone: zone.value };
  const path = `/analytics/projects/${encodeURIComponent(id)}`;
  const month = useQuery<Summary>(question("/analytics/summary", { ...shared, projectId: id, from: firstOfMonth(today.value), to: today.value, compare: "previous" }));
  const day = useQuery<ProjectDetail>(question(path, { ...shared, from: today.value, to: today.value, bucket: "hour", top: 8 }));
  const answer = day.answer?.data;
  useRange(answer);
  const colors = theme.value;
  const series = useMemo(() => {
    const groups = answer?.costByModel.map((group) => ({ key: group.key ?? null, label: group.label ?? "" })) ?? [];
    return answer ? seriesOf(answer.activity, groups, "model", "requests", false) : [];
  }, [answer, colors]);
  const plot = useRef<PlotHandle>(null);
  const ofMonth = month.answer?.data;
  return (
    <>
      {heading(answer, "today")}
      {tabs}
      <div class="cards">
        <Kpi label={`Spent in ${monthName(today.value)}`} note={ofMonth ? until(ofMonth.dataThrough, "up to today") : ""}>
          {ofMonth ? <CardMoney text={ofMonth.totals.cost} /> : <span class="bone" />}
        </Kpi>
        <Kpi label="Requests this month" note={ofMonth ? `${exactCount(ofMonth.uniqueModels)} models` : ""}>
          {ofMonth ? <Count value={ofMonth.totals.requestCount} full /> : <span class="bone" />}
        </Kpi>
        <Kpi label="Requests today" note={answer ? `${exactCount(answer.summary.errorCount)} errors` : ""}>
          {answer ? <Count value={answer.summary.requestCount} full /> : <span class="bone" />}
        </Kpi>
        <Kpi label="Spent today" note={answer?.dataThrough ? until(answer.dataThrough, `until ${clockIn(zone.value, answer.dataThrough)}`) : ""}>{answer ? <CardMoney text={answer.summary.cost} /> : <span class="bone" />}</Kpi>
      </div>
      <Card title="Today by hour" note="Requests per model" tools={<ExportMenu question={question(path, { ...shared, from: today.value, to: today.value, bucket: "hour" })} name="Today by hour" image={() => plot.current?.image() ?? null} />}>
        <Await query={day} height={220}>
          {(data) => <SimplePlot data={activityData(data, series, "requests")} handle={plot} buckets={data.activity} series={series} shape="bars" zone={data.timezone} dataThrough={data.dataThrough ?? null} height={220} summary={`Requests of today by hour: ${exactCount(data.summary.requestCount)} in all.`} />}
        </Await>
        <ul class="legend">
          {series.map((each) => (
            <li key={each.key} class="entry">
              <i class="swatch" style={{ background: each.color }} /> <bdi>{each.label}</bdi>
            </li>
          ))}
        </ul>
        {answer ? <ShowData title="Today by hour" data={activityData(answer, series, "requests")} /> : <div class="chart-data" />}
      </Card>
      <RequestsTable title="Latest hours" parameters={{ ...asked.value, projectId: [id] }} height={380} hasProject={false} />
      <ItemsTable title="Latest priced items" parameters={{ ...asked.value, projectId: [id] }} height={380} hasProject={false} />
    </>
  );
}

/** How far today's figures go: where the data ends before today, since when nothing came. */
function until(dataThrough: string | null | undefined, whenToday: string): string {
  return dataThrough && dayIn(zone.value, new Date(Date.parse(dataThrough) - 1)) < today.value ? `no data since ${momentIn(zone.value, dataThrough)}` : whenToday;
}

const Views = [
  { id: "requests", label: "Requests" },
  { id: "models", label: "Models" },
  { id: "errors", label: "Errors" },
  { id: "cache", label: "Cache" },
  { id: "costs", label: "Costs" },
] as const;
type View = (typeof Views)[number]["id"];

/** Requests, models, errors, cache and costs of a project, for all of its keys or one. */
export function ProjectMetrics({ id, heading, tabs }: Props) {
  const key = parameters.value.get("f.apiKey");
  const view = (Views.find((each) => each.id === parameters.value.get("tab"))?.id ?? "requests") as View;
  const url = question(`/analytics/projects/${encodeURIComponent(id)}`, { ...asked.value, bucket: bucket.value, compare: "previous" });
  const query = useQuery<ProjectDetail>(url);
  const answer = query.answer?.data;
  useRange(answer);
  const keys = useQuery<ApiKeys>(question("/analytics/api-keys", { ...asked.value, apiKeyId: null, projectId: [id] })).answer?.data.apiKeys;
  const name = keys?.find((each) => each.apiKeyId === key)?.description ?? key;
  return (
    <>
      {heading(answer)}
      {tabs}
      <div class="controls" role="toolbar" aria-label="Metrics">
        <Segmented label="Metrics" options={Views} value={view} onChange={(next) => change({ tab: next === "requests" ? null : next })} />
        <span class="grow" />
        <Popover label="API key" align="end" className={key ? "chosen" : ""} trigger={<>{key ? name : "All API keys"} <Icon name="down" size={12} /></>}>
          {(close) => (
            <div class="tall">
              <Menu>
                <MenuItem isChosen={!key} onClick={() => (change({ "f.apiKey": null }), close())}>
                  All API keys
                </MenuItem>
                {keys?.filter((each) => each.apiKeyId !== "").map((each) => (
                  <MenuItem key={each.apiKeyId} isChosen={each.apiKeyId === key} hint={exactCount(each.requestCount)} onClick={() => (change({ "f.apiKey": each.apiKeyId }), close())}>
                    <bdi>{each.description}</bdi>
                  </MenuItem>
                ))}
              </Menu>
            </div>
          )}
        </Popover>
      </div>
      <UsageCards
        view={answer && { bucket: answer.bucket, timezone: answer.timezone, from: answer.from, to: answer.to, dataThrough: answer.dataThrough ?? null, totals: answer.summary, comparison: answer.comparison ?? null, activity: answer.activity, ranking: answer.costByModel }}
        spendLabel="Cost"
        hasErrors
      />
      <Await query={query} height={450}>
        {(data) => <MetricView data={data} view={view} url={url} />}
      </Await>
    </>
  );
}

function MetricView({ data, view, url }: { data: ProjectDetail; view: View; url: string }) {
  const [blue, orange, teal, pink] = slots();
  const part = (key: string, label: string, color: string, of: (row: ProjectDetail["activity"][number]) => number): Series => ({ key, label, color, values: data.activity.map(of) });
  const sum = data.summary;
  const of = {
    models: { title: "Requests by model", note: `${exactCount(data.costByModel.length)} models with a request`, metric: "requests" as const, series: byModel(data, "requests") },
    requests: { title: "Requests", note: `${exactCount(sum.requestCount)} requests`, metric: "requests" as const, series: [part("ok", "Served", blue!, (row) => row.requestCount - row.errorCount - row.clientErrorCount), part("client", "Errors of callers", pink!, (row) => row.clientErrorCount), part("error", "Errors", orange!, (row) => row.errorCount)] },
    errors: { title: "Errors", note: `${errorRate(sum.errorRate)} of requests; errors of callers are not in the rate`, metric: "requests" as const, series: [part("error", "Errors", orange!, (row) => row.errorCount), part("client", "Errors of callers", pink!, (row) => row.clientErrorCount)] },
    cache: {
      title: "Input tokens by source",
      note: `${percent(sum.inputTokens > 0 ? sum.cachedInputTokens / sum.inputTokens : 0)} read from the providers' cache · ${exactCount(sum.cacheHitCount)} requests answered by the gateway's own`,
      metric: "tokens" as const,
      series: [part("fresh", "Fresh", blue!, (row) => row.inputTokens - row.cachedInputTokens - row.cacheWriteTokens), part("read", "Read from cache", teal!, (row) => row.cachedInputTokens), part("write", "Written to cache", orange!, (row) => row.cacheWriteTokens)],
    },
    costs: { title: "Costs", note: "By model", metric: "cost" as const, series: byModel(data, "cost") },
  }[view];
  const plot = useRef<PlotHandle>(null);
  const plotData: PlotData =
    view === "models" || view === "costs"
      ? activityData(data, of.series, of.metric)
      : {
          ...activityData(data, of.series, of.metric),
          valueOf: (key, index) => String(of.series.find((each) => each.key === key)?.values[index] ?? 0),
          totalOf: (index) => String(of.series.reduce((all, each) => all + (each.values[index] ?? 0), 0)),
        };
  const chart = (
    <Card title={`${of.title} over time`} note={of.note} tools={<ExportMenu question={`${url}&fields=all`} name={of.title} image={() => plot.current?.image() ?? null} />}>
      <div class="inline-legend">
        {of.series.map((each) => (
          <span key={each.key}>
            <i class="swatch" style={{ background: each.color }} /> <bdi>{each.label}</bdi>
          </span>
        ))}
      </div>
      <SimplePlot data={plotData} buckets={data.activity} series={of.series} shape="bars" zone={data.timezone} dataThrough={data.dataThrough ?? null} height={320} handle={plot} summary={`${of.title} over time. ${of.note}.`} onSelect={(first, last) => setRange({ from: data.activity[first]!.date.slice(0, 10), to: data.activity[last]!.date.slice(0, 10) })} />
      <ShowData title={of.title} data={plotData} />
    </Card>
  );
  return view === "models" ? (
    <>
      {chart}
      <div class="below">
        <GroupsList title="By model" question={url} rows={data.costByModel} empty="No usage in this range." />
      </div>
    </>
  ) : (
    chart
  );
}

function byModel(data: ProjectDetail, metric: Metric): Series[] {
  const groups = [...data.costByModel].sort((a, b) => plotted(b, metric) - plotted(a, metric)).slice(0, 10).map((group) => ({ key: group.key ?? null, label: group.label ?? "" }));
  const series = seriesOf(data.activity, groups, "model", metric, false);
  colorsOf("model", groups.map((group) => group.key));
  const rest = data.activity.map((row, index) => Math.max(0, plotted(row, metric) - series.reduce((all, each) => all + each.values[index]!, 0)));
  return data.costByModel.length > groups.length ? [...series, { key: null, label: "Others", color: ink().others, values: rest }] : series;
}
