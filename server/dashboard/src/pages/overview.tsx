import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { question, useQuery } from "../api/client.ts";
import type { Activity, Agents, Projects, Services, ServiceUsage, Summary } from "../api/types.ts";
import { Doughnut, type Slice } from "../charts/doughnut.tsx";
import { activityData, seriesOf, valueIn } from "../charts/overtime.tsx";
import { colorsOf, configuredColors, ink, outlineOf, theme } from "../charts/palette.ts";
import type { PlotHandle, Series } from "../charts/plot.tsx";
import { SimplePlot } from "../charts/simpleplot.tsx";
import { addMonths, firstOfMonth, lastOfMonth, monthName, rangeText } from "../lib/dates.ts";
import { change, query as parameters } from "../lib/location.ts";
import { compactMoney, exactMoney, moneyText, parseMoney } from "../lib/money.ts";
import { countChange, decimalText, exactCount } from "../lib/numbers.ts";
import { asked, hidden, pageAddress, today, type Bucket } from "../lib/view.ts";
import { IconButton, Link, Menu, MenuItem, Popover, Segmented } from "../ui/controls.tsx";
import { ShowData, type PlotData } from "../ui/datatable.tsx";
import { ExportMenu } from "../ui/export.tsx";
import { CardMoney, Change, Count, metricChange, Money } from "../ui/figures.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";
import { Kpi } from "../ui/kpi.tsx";
import { Share } from "../ui/list.tsx";
import { learn } from "../ui/names.ts";
import { Card } from "../ui/ranking.tsx";
import { isNarrow } from "../ui/narrow.ts";
import { Await, Gate, isGate } from "../ui/states.tsx";
import { ItemsTable, RequestsTable } from "../ui/usagetables.tsx";
import { useRange } from "./members.tsx";
import { learnProjects } from "./things.tsx";

type Shared = Record<string, string | readonly string[]>;

const Icons: Record<string, IconName> = { "text-generation": "text", "speech-to-text": "voice", "text-to-speech": "speaker", embedding: "vector", embeddings: "vector", "image-generation": "image", agent: "agents" };
const TopProjects = 6;

/** `text-generation` as people read it. */
export function serviceName(id: string): string {
  return id === "" ? "(none)" : id.split(/[-_ ]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ").replace(" To ", "-to-");
}

/** One month of the whole organization. */
export function OverviewPage() {
  const wanted = parameters.value.get("month");
  const current = firstOfMonth(today.value);
  const month = wanted && /^\d{4}-\d{2}$/.test(wanted) && `${wanted}-01` <= current ? `${wanted}-01` : current;
  const to = month === current ? today.value : lastOfMonth(month);
  const shared = { ...asked.value, from: month, to };
  // Of a whole month, the one before is what is compared with, as far as this one has elapsed.
  const summary = useQuery<Summary>(question("/analytics/summary", { ...shared, to: lastOfMonth(month), compare: "previous" }));
  const services = useQuery<Services>(question("/analytics/services", { ...shared, bucket: "day" }));
  const projects = useQuery<Projects>(question("/analytics/projects", shared));
  useRange(summary.answer?.data);
  useEffect(() => {
    if (projects.answer) {
      learnProjects(projects.answer.data.projects);
    }
  }, [projects.answer]);
  const off = hidden.value;
  if (isGate(summary.error)) {
    return <Gate error={summary.error} feature="The organization's overview" />;
  }
  const show = (next: string) => change({ month: next === current ? null : next.slice(0, 7) });
  const toggle = (key: string) => change({ hide: off.has(key) ? [...off].filter((other) => other !== key) : [...off, key] }, true);
  return (
    <>
      <h1 class="sr">Overview</h1>
      <div class="controls month" role="group" aria-label="Month">
        <div class="joined">
          <IconButton icon="left" label="Previous month" onClick={() => show(addMonths(month, -1))} />
          <span class="month-name" aria-live="polite">
            {monthName(month)}
          </span>
          <button type="button" class="icon-button" aria-label="Next month" title="Next month" disabled={month === current} onClick={() => show(addMonths(month, 1))}>
            <Icon name="right" />
          </button>
        </div>
        <span class="quiet">{rangeText(month, to)}</span>
      </div>
      <Cards summary={summary.answer?.data} />
      <CostOverview query={services} url={question("/analytics/activity", { ...shared, groupBy: "serviceType", bucket: "day" })} hidden={off} onToggle={toggle} />
      <ProjectCharts shared={shared} services={services.answer?.data.services ?? []} />
      <TopAgents shared={shared} />
      <Await query={services} height={320}>
        {(data) => (
          <div class="services">
            {data.services.map((service) => (
              <ServiceCard key={service.serviceType ?? "others"} service={service} data={data} shared={shared} />
            ))}
          </div>
        )}
      </Await>
      <RequestsTable title="Usage requests" parameters={shared} height={420} />
      <ItemsTable title="Usage items" parameters={shared} height={420} />
    </>
  );
}

function Cards({ summary }: { summary: Summary | undefined }) {
  const before = summary?.previous && summary.previous.totals.requestCount > 0 ? summary.previous : undefined;
  const note = summary?.comparison && before ? `vs ${rangeText(summary.comparison.from, summary.comparison.to)}` : "";
  const of = (now: number | null | undefined, then: number | null | undefined) => (now != null && then != null ? <Change change={countChange(now, then)} title={`${exactCount(then)} before`} /> : null);
  const bone = <span class="bone" />;
  return (
    <div class="cards five" role="group" aria-label="Key figures" tabIndex={isNarrow.value ? 0 : undefined}>
      <Kpi label="Total requests" change={summary && before && <Change change={metricChange(summary.totals, before.totals, "requests")} title={`${exactCount(before.totals.requestCount)} before`} />} note={note}>
        {summary ? <Count value={summary.totals.requestCount} /> : bone}
      </Kpi>
      <Kpi label="Total tokens" change={summary && before && <Change change={metricChange(summary.totals, before.totals, "tokens")} title={`${exactCount(before.totals.totalTokens)} before`} />} note={summary ? "input and output" : ""}>
        {summary ? <Count value={summary.totals.totalTokens} /> : bone}
      </Kpi>
      <Kpi label="Unique models" change={of(summary?.uniqueModels, before?.uniqueModels)} note={summary ? `${exactCount(summary.uniqueMappings)} mappings` : ""}>
        {summary ? <Count value={summary.uniqueModels} /> : bone}
      </Kpi>
      <Kpi label="Active projects" note="with usage in this month">
        {summary ? (
          <>
            {exactCount(summary.activeProjects)}
            <span class="of">/{exactCount(summary.totalProjects)}</span>
          </>
        ) : (
          bone
        )}
      </Kpi>
      <Kpi label="Total conversations" change={of(summary?.conversations, before?.conversations)} note={summary ? (summary.conversations === null ? "not recorded" : "with agents") : ""}>
        {summary ? summary.conversations === null ? "–" : <Count value={summary.conversations} /> : bone}
      </Kpi>
    </div>
  );
}

/** The entries of two charts: a press hides one in both. */
function Legend({ entries, hidden, onToggle, onHover }: { entries: readonly { key: string; label: string; color: string; cost: string }[]; hidden: ReadonlySet<string>; onToggle: (key: string) => void; onHover?: (key: string | undefined) => void }) {
  return (
    <ul class="legend">
      {entries.map((entry) => (
        <li key={entry.key}>
          <button type="button" aria-pressed={!hidden.has(entry.key)} class={hidden.has(entry.key) ? "off" : undefined} onClick={() => onToggle(entry.key)} onPointerEnter={() => onHover?.(entry.key)} onPointerLeave={() => onHover?.(undefined)}>
            <i class="swatch" style={{ background: hidden.has(entry.key) ? "transparent" : entry.color, borderColor: entry.color }} />
            <bdi>{entry.label}</bdi>
            <span class="quiet">
              <Money text={entry.cost} />
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function sumCost(rows: Iterable<{ cost: string }>): string {
  let sum = 0n;
  for (const row of rows) {
    sum += parseMoney(row.cost);
  }
  return moneyText(sum);
}

function CostOverview({ query, url, hidden, onToggle }: { query: ReturnType<typeof useQuery<Services>>; url: string; hidden: ReadonlySet<string>; onToggle: (key: string) => void }) {
  const [hovered, setHovered] = useState<string | null | undefined>(undefined);
  const plot = useRef<PlotHandle>(null);
  const colors = theme.value;
  return (
    <Card className="cost-overview" title="Cost overview" note="Daily cost by service type; press an entry of the legend to hide it in both charts" tools={<ExportMenu question={url} name="Cost overview" image={() => plot.current?.image() ?? null} />}>
      <Await query={query}>
        {(data) => {
          const chosen = colorsOf("serviceType", data.services.map((service) => service.serviceType));
          const shown = data.services.filter((service) => !hidden.has(service.serviceType ?? "others"));
          const series: Series[] = shown.map((service) => ({ key: service.serviceType, label: serviceName(service.label), color: chosen.get(service.serviceType)!, values: service.activity.map((row) => Number(row.cost)) }));
          const total = sumCost(shown.map((service) => service.totals));
          const slices: Slice[] = shown.map((service) => ({ key: service.serviceType, label: serviceName(service.label), color: chosen.get(service.serviceType)!, value: Number(service.totals.cost), text: exactMoney(service.totals.cost) }));
          const buckets = data.services[0]?.activity ?? [];
          const plotData: PlotData = {
            buckets,
            bucket: data.bucket as Bucket,
            lastDay: data.to,
            series,
            metric: "cost",
            valueOf: (key, index) => shown.find((service) => service.serviceType === key)?.activity[index]?.cost ?? "0",
            totalOf: (index) => sumCost(shown.flatMap((service) => service.activity[index] ?? [])),
          };
          return (
            <div data-theme-drawn={colors}>
              <div class="overview-row">
                <SimplePlot
                  data={plotData}
                  buckets={buckets}
                  series={series}
                  shape="bars"
                  zone={data.timezone}
                  dataThrough={data.dataThrough ?? null}
                  height={300}
                  summary={`Daily cost by service type. Total ${exactMoney(total)}.`}
                  highlight={hovered}
                  handle={plot}
                />
                <Doughnut
                  slices={slices}
                  total={exactMoney(total)}
                  label={`Cost by service type: ${slices.map((slice) => `${slice.label} ${slice.text}`).join(", ")}`}
                  highlight={hovered}
                  onHover={setHovered}
                  centre={
                    <>
                      <span class="kpi-value">
                        <CardMoney text={total} />
                      </span>
                      <span class="quiet">total cost</span>
                    </>
                  }
                />
              </div>
              <Legend entries={data.services.map((service) => ({ key: service.serviceType ?? "others", label: serviceName(service.label), color: chosen.get(service.serviceType)!, cost: service.totals.cost }))} hidden={hidden} onToggle={onToggle} onHover={setHovered} />
              <ShowData title="Cost overview" data={plotData} />
            </div>
          );
        }}
      </Await>
    </Card>
  );
}

function ProjectCharts({ shared, services }: { shared: Shared; services: readonly ServiceUsage[] }) {
  const service = parameters.value.get("service");
  const top = useQuery<Activity>(question("/analytics/activity", { ...shared, groupBy: "project", bucket: "month", top: TopProjects }));
  const trendsUrl = question("/analytics/activity", { ...shared, groupBy: "project", bucket: "day", ...(service ? { serviceType: service } : {}) });
  const trends = useQuery<Activity>(trendsUrl);
  const [hovered, setHovered] = useState<string | null | undefined>(undefined);
  const plot = useRef<PlotHandle>(null);
  const colors = theme.value;
  const configured = configuredColors.value;
  const doughnut = useRef<PlotHandle>(null);
  const groups = useMemo(() => trends.answer?.data.ranking.map((group) => ({ key: group.key ?? null, label: group.label ?? "" })) ?? [], [trends.answer]);
  const series = useMemo(() => (trends.answer ? seriesOf(trends.answer.data.activity, groups, "project", "cost", false) : []), [trends.answer, groups, colors, configured]);
  return (
    <div class="grid">
      <Card className="span-4" title="Cost by project" note={`The ${TopProjects} largest and the rest`} tools={<ExportMenu question={question("/analytics/activity", { ...shared, groupBy: "project", bucket: "month" })} name="Cost by project" image={() => doughnut.current?.image() ?? null} />}>
        <Await query={top} height={360}>
          {(data) => {
            const chosen = colorsOf("project", data.ranking.map((group) => group.key ?? null));
            const slices = data.ranking.map((group) => ({ key: group.key ?? null, label: group.label ?? "", color: chosen.get(group.key ?? null)!, value: Number(group.cost), text: exactMoney(group.cost) }));
            return (
              <div class="doughnut-row">
                <Doughnut
                  slices={slices}
                  total={exactMoney(data.totals.cost)}
                  label={`Cost by project: ${slices.map((slice) => `${slice.label} ${slice.text}`).join(", ")}`}
                  onHover={setHovered}
                  handle={doughnut}
                  centre={
                    <>
                      <span class="kpi-value">
                        <CardMoney text={data.totals.cost} />
                      </span>
                      <span class="quiet">total cost</span>
                    </>
                  }
                />
                <ul class="slices">
                  {data.ranking.map((group) => (
                    <li key={group.key ?? "others"}>
                      <i class="swatch" style={{ background: chosen.get(group.key ?? null)!, borderColor: outlineOf(chosen.get(group.key ?? null)!) }} />
                      {group.key ? (
                        <Link href={pageAddress("projects", group.key)}>
                          <bdi>{group.label}</bdi>
                        </Link>
                      ) : (
                        <bdi>{group.label}</bdi>
                      )}
                      <span class="grow" />
                      <Money text={group.cost} />
                    </li>
                  ))}
                </ul>
              </div>
            );
          }}
        </Await>
      </Card>
      <Card
        className="span-8"
        title="Project usage trends"
        note="Daily cost, in the colours of the projects"
        tools={
          <>
            <Popover label="Service type" align="end" className={service ? "chosen" : ""} trigger={<>{service ? serviceName(service) : "All service types"} <Icon name="down" size={12} /></>}>
              {(close) => (
                <Menu>
                  <MenuItem isChosen={!service} onClick={() => (change({ service: null }), close())}>
                    All service types
                  </MenuItem>
                  {services.filter((each) => each.serviceType).map((each) => (
                    <MenuItem key={each.serviceType} isChosen={each.serviceType === service} onClick={() => (change({ service: each.serviceType }), close())}>
                      {serviceName(each.label)}
                    </MenuItem>
                  ))}
                </Menu>
              )}
            </Popover>
            <ExportMenu question={trendsUrl} name="Project usage trends" image={() => plot.current?.image() ?? null} />
          </>
        }
      >
        <Await query={trends} height={440}>
          {(data) => {
            const plotData = activityData(data, groups, "cost");
            return (
              <>
                <SimplePlot
                  data={plotData}
                  buckets={data.activity}
                  series={series}
                  shape="lines"
                  zone={data.timezone}
                  dataThrough={data.dataThrough ?? null}
                  height={352}
                  highlight={hovered}
                  handle={plot}
                  summary={`Daily cost of ${series.length} projects. Total ${exactMoney(data.totals.cost)}.`}
                />
                <ul class="legend">
                  {series.map((each) => (
                    <li key={each.key} class="entry" onPointerEnter={() => setHovered(each.key)} onPointerLeave={() => setHovered(undefined)}>
                      <i class="swatch" style={{ background: each.color, borderColor: outlineOf(each.color) }} /> <bdi>{each.label}</bdi>
                    </li>
                  ))}
                </ul>
                <ShowData title="Project usage trends" data={plotData} />
              </>
            );
          }}
        </Await>
      </Card>
    </div>
  );
}

function TopAgents({ shared }: { shared: Shared }) {
  const url = question("/analytics/agents", { ...shared, top: 10 });
  const query = useQuery<Agents>(url);
  const agents = query.answer?.data.agents.filter((agent) => agent.agentId !== null) ?? [];
  if (agents.length === 0) {
    return null;
  }
  learn("agent", agents.map((agent) => ({ key: agent.agentId, label: agent.name })));
  const total = Number(query.answer!.data.totals.cost);
  return (
    <Card title="Top agents" note="The ten largest by cost" tools={<ExportMenu question={url} name="Top agents" />}>
      <div class="table-box" tabIndex={0} role="region" aria-label="Top agents, table">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Agent</th>
              <th scope="col" class="secondary">
                Project
              </th>
              <th scope="col" class="number w-126 secondary">
                Conversations
              </th>
              <th scope="col" class="number w-110">
                Requests
              </th>
              <th scope="col" class="number w-126 secondary">
                Share
              </th>
              <th scope="col" class="number w-126">
                Total cost
              </th>
            </tr>
          </thead>
          <tbody>
            {agents.map((agent) => (
              <tr key={agent.agentId}>
                <th scope="row">
                  <Link href={pageAddress("agents", agent.agentId!)}>
                    <bdi>{agent.name}</bdi>
                  </Link>
                </th>
                <td class="secondary">{agent.projectId ? <Link class="plain" href={pageAddress("projects", agent.projectId)}><bdi>{agent.project}</bdi></Link> : "–"}</td>
                <td class="number secondary">{agent.conversations === null ? "–" : <Count value={agent.conversations} full />}</td>
                <td class="number">
                  <Count value={agent.requestCount} full />
                </td>
                <td class="number secondary">
                  <Share value={total > 0 ? Number(agent.cost) / total : 0} text={total > 0 ? `${((Number(agent.cost) / total) * 100).toFixed(1)} %` : ""} />
                </td>
                <td class="number">
                  <Money text={agent.cost} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

const Views = [
  { id: "costs", label: "Costs" },
  { id: "requests", label: "Requests" },
  { id: "usage", label: "Usage" },
] as const;

/** One service type: costs by project, requests, or what was billed by pricing rule, one unit at a time. */
function ServiceCard({ service, data, shared }: { service: ServiceUsage; data: Services; shared: Shared }) {
  const plot = useRef<PlotHandle>(null);
  const [view, setView] = useState<"costs" | "requests" | "usage">("costs");
  const [chosen, setUnit] = useState<string | null>(null);
  const colors = theme.value;
  const configured = configuredColors.value;
  const unit = service.usage.find((each) => each.unit === chosen) ?? service.usage[0];
  const series = useMemo((): Series[] => {
    if (view === "usage") {
      const rules = unit?.rules ?? [];
      const picked = colorsOf("serviceType", rules.map((rule) => `rule ${rule.rule}`));
      return rules.map((rule) => ({ key: rule.rule, label: rule.rule.replaceAll("_", " "), color: picked.get(`rule ${rule.rule}`)!, values: (unit?.activity ?? []).map((bucket) => Number(bucket.breakdown.find((entry) => entry.rule === rule.rule)?.quantity ?? 0)) }));
    }
    const groups = service.projects.slice(0, TopProjects).map((project) => ({ key: project.key ?? null, label: project.label ?? "" }));
    if (view === "requests") {
      return [{ key: "requests", label: "Requests", color: colorsOf("serviceType", [service.serviceType]).get(service.serviceType)!, values: service.activity.map((row) => row.requestCount) }];
    }
    const parts = seriesOf(service.activity, groups, "project", "cost", false);
    if (service.projects.length <= TopProjects) {
      return parts;
    }
    const rest = service.activity.map((row, index) => Math.max(0, Number(row.cost) - parts.reduce((sum, part) => sum + part.values[index]!, 0)));
    return [...parts, { key: null, label: "Others", color: ink().others, values: rest }];
  }, [service, view, unit, colors, configured]);
  const buckets = view === "usage" ? (unit?.activity ?? []) : service.activity;
  const metric = view === "costs" ? "cost" : view === "requests" ? "requests" : "quantity";
  const plotData: PlotData = {
    buckets,
    bucket: data.bucket as Bucket,
    lastDay: data.to,
    series,
    metric,
    valueOf: (key, index) => {
      if (view === "usage") {
        return decimalText(unit?.activity[index]?.breakdown.find((entry) => entry.rule === key)?.quantity ?? 0);
      }
      return view === "requests" ? String(service.activity[index]?.requestCount ?? 0) : valueIn(service.activity[index], key, series, "cost");
    },
    totalOf: (index) => (view === "usage" ? decimalText(unit?.activity[index]?.quantity ?? 0) : view === "requests" ? String(service.activity[index]?.requestCount ?? 0) : (service.activity[index]?.cost ?? "0")),
  };
  const name = serviceName(service.label);
  const only = { ...shared, serviceType: service.serviceType ?? "" };
  const exported = view === "usage" ? question("/analytics/usage/items", only) : question("/analytics/activity", { ...only, groupBy: view === "costs" ? "project" : "serviceType", bucket: "day" });
  return (
    <Card
      className="service"
      title={
        <span class="service-title">
          <Icon name={Icons[service.serviceType ?? ""] ?? "spark"} /> {name}
        </span>
      }
      note={view === "usage" && unit ? `${compactQuantity(unit.quantity)} ${unit.unit}s` : `${exactCount(service.totals.requestCount)} requests`}
      tools={<ExportMenu question={exported} name={`${name}, ${view}`} image={() => plot.current?.image() ?? null} />}
    >
      <div class="service-total">
        <span class="kpi-value">
          <CardMoney text={service.totals.cost} />
        </span>
        <span class="grow" />
        <Segmented small label={`View of ${name}`} options={Views} value={view} onChange={setView} />
      </div>
      <div class="service-unit">
        {view === "usage" && service.usage.length > 1 && <Segmented small label="Unit" options={service.usage.map((each) => ({ id: each.unit, label: `${each.unit}s` }))} value={unit?.unit ?? null} onChange={setUnit} />}
      </div>
      <SimplePlot
        data={plotData}
        buckets={buckets}
        series={series}
        shape={view === "requests" ? "area" : "bars"}
        zone={data.timezone}
        dataThrough={data.dataThrough ?? null}
        height={200}
        handle={plot}
        summary={`${name}: ${view}. Total cost ${exactMoney(service.totals.cost)}.`}
      />
      <ul class="legend small">
        {series.map((each) => (
          <li key={each.key} class="entry">
            <i class="swatch" style={{ background: each.color, borderColor: outlineOf(each.color) }} /> <bdi>{each.label}</bdi>
          </li>
        ))}
      </ul>
      <ShowData title={name} data={plotData} />
    </Card>
  );
}

function compactQuantity(quantity: string | number): string {
  return compactMoney(Number(quantity)).replace(/[^\d.,KMBT]/g, "");
}

