import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { prefetch, question, useQuery, type Parameters } from "../api/client.ts";
import type { AgentDetail, Agents, AgentUsage, ApiKeyDetail, ApiKeys, ApiKeyUsage, ProjectDetail, Projects, ProjectUsage } from "../api/types.ts";
import { configuredColors, outlineOf } from "../charts/palette.ts";
import { change, query as parameters } from "../lib/location.ts";
import { exactCount } from "../lib/numbers.ts";
import { asked, bucket, metric, Metrics, pageAddress, type Metric } from "../lib/view.ts";
import { Link, Segmented, Tag } from "../ui/controls.tsx";
import { Count } from "../ui/figures.tsx";
import { Kpi, UsageCards } from "../ui/kpi.tsx";
import { byName } from "../ui/groups.tsx";
import { UsageTable } from "../ui/list.tsx";
import { learn } from "../ui/names.ts";
import { ErrorNote, Gate, isGate } from "../ui/states.tsx";
import { UsageCharts, type UsageView } from "../ui/usagecharts.tsx";
import { useRange } from "./members.tsx";
import { ProjectDashboard, ProjectMetrics } from "./project.tsx";

// --- lists ---------------------------------------------------------------------------------------------------------------

/** Remembers the directory's colours and names of projects. */
export function learnProjects(projects: readonly { projectId: string; name: string; color: string | null }[]): void {
  learn("project", projects.map((project) => ({ key: project.projectId, label: project.name })));
  const known = configuredColors.peek();
  if (projects.some((project) => project.color && known.get(project.projectId) !== project.color)) {
    configuredColors.value = new Map([...known, ...projects.flatMap((project) => (project.color ? [[project.projectId, project.color] as const] : []))]);
  }
}

export function ProjectsPage() {
  const url = question("/analytics/projects", asked.value);
  const query = useQuery<Projects>(url);
  useRange(query.answer?.data);
  useEffect(() => {
    if (query.answer) {
      learnProjects(query.answer.data.projects);
    }
  }, [query.answer]);
  return (
    <>
      <h1 class="sr">Projects</h1>
      <UsageTable<Projects, ProjectUsage>
        query={query}
        url={url}
        title="Projects"
        note="Part of every plan"
        noun="projects"
        rowsOf={(data) => data.projects}
        totalsOf={(data) => data.totals}
        words={(row) => `${row.name} ${row.projectId}`}
        orders={{ name: (a, b) => byName(a.name, b.name), keys: (a, b) => a.activeApiKeyCount - b.activeApiKeyCount }}
        columns={[
          {
            id: "name", label: "Project", width: "auto", isSortable: true,
            render: (row) => (
              <span class="cell-name">
                <i class="swatch" style={{ background: row.color ?? "transparent", borderColor: row.color ? outlineOf(row.color) : "var(--text-3)" }} />
                {row.projectId ? (
                  <Link href={pageAddress("projects", row.projectId)} title={row.name}>
                    <bdi>{row.name}</bdi>
                  </Link>
                ) : (
                  <bdi>{row.name}</bdi>
                )}
                {row.deleted && <Tag>deleted</Tag>}
              </span>
            ),
          },
          { id: "keys", label: "Keys", width: "88px", isNumber: true, isSortable: true, isSecondary: true, render: (row) => <span title={`${row.activeApiKeyCount} used in this range`}>{row.activeApiKeyCount} / {row.apiKeyCount}</span> },
        ]}
      />
    </>
  );
}

export function KeysPage() {
  const url = question("/analytics/api-keys", asked.value);
  const query = useQuery<ApiKeys>(url);
  useRange(query.answer?.data);
  if (query.answer) {
    learn("apiKey", query.answer.data.apiKeys.map((key) => ({ key: key.apiKeyId, label: key.description })));
  }
  return (
    <>
      <h1 class="sr">API keys</h1>
      <UsageTable<ApiKeys, ApiKeyUsage>
        query={query}
        url={url}
        title="API keys"
        note="Part of every plan"
        noun="API keys"
        rowsOf={(data) => data.apiKeys}
        totalsOf={(data) => data.totals}
        words={(row) => `${row.description} ${row.apiKeyId} ${row.project ?? ""} ${row.creator}`}
        orders={{
          name: (a, b) => byName(a.description, b.description),
          project: (a, b) => byName(a.project ?? "", b.project ?? ""),
          creator: (a, b) => byName(a.creator, b.creator),
        }}
        height={720}
        columns={[
          {
            id: "name", label: "Key", width: "auto", isSortable: true,
            render: (row) => (
              <span class="cell-name">
                {row.apiKeyId ? (
                  <Link href={pageAddress("keys", row.apiKeyId)} title={row.description}>
                    <bdi>{row.description}</bdi>
                  </Link>
                ) : (
                  <bdi>{row.description}</bdi>
                )}
                {row.deleted && <Tag>deleted</Tag>}
              </span>
            ),
          },
          { id: "project", label: "Project", width: "13%", isSortable: true, isSecondary: true, render: (row) => (row.projectId ? <Link class="plain" href={pageAddress("projects", row.projectId)}><bdi>{row.project}</bdi></Link> : "–") },
          { id: "creator", label: "Created by", width: "11%", isSortable: true, isSecondary: true, render: (row) => <bdi class="quiet">{row.creator}</bdi> },
          {
            id: "statistics", label: "Statistics", width: "118px", isSecondary: true,
            render: (row) => row.apiKeyId && <Link href={pageAddress("keys", row.apiKeyId)} aria-label={`View statistics of ${row.description}`}>View Statistics</Link>,
          },
        ]}
      />
    </>
  );
}

export function AgentsPage() {
  const url = question("/analytics/agents", { ...asked.value, top: 1_000 });
  const query = useQuery<Agents>(url);
  useRange(query.answer?.data);
  if (isGate(query.error)) {
    return <Gate error={query.error} feature="Agent analytics" />;
  }
  if (query.answer) {
    learn("agent", query.answer.data.agents.map((agent) => ({ key: agent.agentId, label: agent.name })));
  }
  return (
    <>
      <h1 class="sr">Agents</h1>
      <UsageTable<Agents, AgentUsage>
        query={query}
        url={url}
        title="Agents"
        note="Usage that agents made, in any project"
        noun="agents"
        rowsOf={(data) => data.agents}
        totalsOf={(data) => data.totals}
        words={(row) => `${row.name} ${row.project ?? ""}`}
        orders={{ name: (a, b) => byName(a.name, b.name), project: (a, b) => byName(a.project ?? "", b.project ?? ""), conversations: (a, b) => (a.conversations ?? 0) - (b.conversations ?? 0) }}
        columns={[
          {
            id: "name", label: "Agent", width: "auto", isSortable: true,
            render: (row) => (
              <span class="cell-name">
                {row.agentId ? <Link href={pageAddress("agents", row.agentId)}><bdi>{row.name}</bdi></Link> : <bdi>{row.name}</bdi>}
                {row.deleted && <Tag>deleted</Tag>}
              </span>
            ),
          },
          { id: "project", label: "Project", width: "18%", isSortable: true, isSecondary: true, render: (row) => (row.projectId ? <Link class="plain" href={pageAddress("projects", row.projectId)}><bdi>{row.project}</bdi></Link> : "–") },
          { id: "conversations", label: "Conversations", width: "126px", isNumber: true, isSortable: true, isSecondary: true, render: (row) => (row.conversations === null ? "–" : <Count value={row.conversations} full />) },
        ]}
      />
    </>
  );
}

// --- details -------------------------------------------------------------------------------------------------------------

type Detail = ProjectDetail | ApiKeyDetail | AgentDetail;

const Top = 10;

function detailQuestion(path: string, of: Metric, more: Parameters = {}): string {
  return question(path, { ...asked.value, bucket: bucket.value, models: parameters.value.get("models") === "mapping" ? "mapping" : "canonical", top: Top, rankBy: of, compare: "previous", ...more });
}

function viewOf(answer: Detail): UsageView {
  return { bucket: answer.bucket, timezone: answer.timezone, from: answer.from, to: answer.to, dataThrough: answer.dataThrough ?? null, totals: answer.summary, comparison: answer.comparison ?? null, activity: answer.activity, ranking: answer.costByModel };
}

/** What the pages of one project, key and agent have in common: cards, cost by model over time and in all. */
function ThingPage<T extends Detail>({ path, scope, heading, cards, tabs }: { path: string; scope: string; heading: (answer: T | undefined) => ComponentChildren; cards?: (answer: T | undefined) => ComponentChildren; tabs?: ComponentChildren }) {
  const query = useQuery<T>(detailQuestion(path, metric.value));
  const answer = query.answer?.data;
  useRange(answer);
  useEffect(() => {
    if (query.answer) {
      const idle = setTimeout(() => Metrics.forEach(({ id }) => prefetch(detailQuestion(path, id))), 250);
      return () => clearTimeout(idle);
    }
    return undefined;
  }, [query.answer]);
  if (isGate(query.error)) {
    return <Gate error={query.error} feature="Agent analytics" />;
  }
  if (query.error && !answer) {
    return <ErrorNote error={query.error} retry={query.retry} />;
  }
  const isMapping = parameters.value.get("models") === "mapping";
  return (
    <>
      {heading(answer)}
      {tabs}
      <UsageCards view={answer && viewOf(answer)} spendLabel="Cost" hasErrors>
        {cards?.(answer)}
      </UsageCards>
      <UsageCharts
        query={query}
        view={viewOf}
        dimension={isMapping ? "mapping" : "model"}
        scope={scope}
        questionOf={(id) => detailQuestion(path, id)}
        before={(from, to, size) => detailQuestion(path, metric.value, { from, to, bucket: size, compare: "none", top: 1 })}
        tools={
          <Segmented
            small
            label="Models"
            options={[
              { id: "mapping", label: "Mappings", hint: "Each provider's route of a model by itself" },
              { id: "canonical", label: "Canonical", hint: "One line for each model, whatever its route" },
            ]}
            value={isMapping ? "mapping" : "canonical"}
            onChange={(id) => change({ models: id === "mapping" ? "mapping" : null, hide: null })}
          />
        }
      />
    </>
  );
}

function Heading({ title, note, color, isDeleted }: { title: string | undefined; note: ComponentChildren; color?: string | null | undefined; isDeleted?: boolean | undefined }) {
  return (
    <header class="thing">
      {color && <i class="swatch large" style={{ background: color }} />}
      <div>
        <h1>
          <bdi>{title ?? "\u00a0"}</bdi> {isDeleted && <Tag>deleted</Tag>}
        </h1>
        <p class="quiet">{note ?? "\u00a0"}</p>
      </div>
    </header>
  );
}

const ProjectTabs = [
  { id: "analytics", label: "Analytics" },
  { id: "dashboard", label: "Dashboard" },
  { id: "usage", label: "Usage & Metrics" },
] as const;

export function ProjectPage({ id, tab }: { id: string; tab: string | null }) {
  const current = ProjectTabs.find((each) => each.id === tab)?.id ?? "analytics";
  const tabs = (
    <nav class="tabs" aria-label="Views of the project">
      {ProjectTabs.map((each) => (
        <Link key={each.id} href={pageAddress("projects", id).replace(/(\?|$)/, each.id === "analytics" ? "$1" : `/${each.id}$1`)} aria-current={each.id === current ? "page" : undefined}>
          {each.label}
        </Link>
      ))}
    </nav>
  );
  const heading = (answer: ProjectDetail | undefined, when = "") => {
    if (answer) {
      learnProjects([answer.project]);
    }
    return <Heading title={answer?.project.name} color={answer ? answer.project.color : "var(--hover)"} isDeleted={answer?.project.deleted} note={answer && `Project · ${answer.project.activeApiKeyCount} of ${answer.project.apiKeyCount} API keys used${when && ` ${when}`}`} />;
  };
  if (current === "dashboard") {
    return <ProjectDashboard id={id} heading={heading} tabs={tabs} />;
  }
  if (current === "usage") {
    return <ProjectMetrics id={id} heading={heading} tabs={tabs} />;
  }
  return <ThingPage<ProjectDetail> path={`/analytics/projects/${encodeURIComponent(id)}`} scope="in this project" heading={heading} tabs={tabs} />;
}

export function KeyPage({ id }: { id: string }) {
  return (
    <ThingPage<ApiKeyDetail>
      path={`/analytics/api-keys/${encodeURIComponent(id)}`}
      scope="of this key"
      heading={(answer) => {
        if (answer) {
          learn("apiKey", [{ key: id, label: answer.apiKey.description }]);
        }
        return (
          <Heading
            title={answer?.apiKey.description}
            isDeleted={answer?.apiKey.deleted}
            note={
              answer && (
                <>
                  API key{answer.apiKey.projectId && <> in <Link href={pageAddress("projects", answer.apiKey.projectId)}><bdi>{answer.apiKey.project}</bdi></Link></>} · created by <bdi>{answer.apiKey.creator}</bdi>
                </>
              )
            }
          />
        );
      }}
    />
  );
}

export function AgentPage({ id }: { id: string }) {
  return (
    <ThingPage<AgentDetail>
      path={`/analytics/agents/${encodeURIComponent(id)}`}
      scope="of this agent"
      heading={(answer) => {
        if (answer) {
          learn("agent", [{ key: id, label: answer.agent.name }]);
        }
        return (
          <Heading
            title={answer?.agent.name}
            isDeleted={answer?.agent.deleted}
            note={answer && <>Agent{answer.agent.projectId && <> in <Link href={pageAddress("projects", answer.agent.projectId)}><bdi>{answer.agent.project}</bdi></Link></>}</>}
          />
        );
      }}
      cards={(answer) => (
        <Kpi label="Conversations" note={answer ? answer.agent.conversations ? `${exactCount(Math.round(answer.summary.requestCount / answer.agent.conversations))} requests each` : "not recorded" : ""}>
          {answer ? answer.agent.conversations === null ? "–" : <Count value={answer.agent.conversations} full /> : <span class="bone" />}
        </Kpi>
      )}
    />
  );
}
