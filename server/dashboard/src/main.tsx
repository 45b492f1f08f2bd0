import { batch } from "@preact/signals";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import "./styles.css";
import { ask, isSignedIn, ProblemError, question, refreshes, useQuery } from "./api/client.ts";
import { organization, organizations, organizationWide } from "./api/organization.ts";
import type { Activity, Organizations, Projects } from "./api/types.ts";
import { colorsKnown } from "./charts/palette.ts";
import { go } from "./lib/location.ts";
import { filters, organizationId, range, route, today, universes, wantedUniverses, zone } from "./lib/view.ts";
import { AnalyticsPage } from "./pages/analytics.tsx";
import { MemberPage, MembersPage } from "./pages/members.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { AccessPage, PlanPage, PreferencesPage, PricesPage } from "./pages/settings.tsx";
import { AgentPage, AgentsPage, KeyPage, KeysPage, learnProjects, ProjectPage, ProjectsPage } from "./pages/things.tsx";
import { UsagePage } from "./pages/usage.tsx";
import { SignIn } from "./pages/signin.tsx";
import { listen } from "./ui/keys.ts";
import { CommandPalette, Help } from "./ui/palette.tsx";
import { Shell } from "./ui/shell.tsx";
import { ErrorNote, Gate } from "./ui/states.tsx";
import { say } from "./ui/status.ts";

// Charts are on nearly every page: asked for beside the first answers, not after them.
void import("./charts/echarts.ts");

function App() {
  const query = useQuery<Organizations>(question("/analytics/organizations", {}).replace(/\?.*/, ""));
  const known = query.answer?.data.organizations;
  useEffect(listen, []);
  useEffect(() => {
    if (known) {
      batch(() => {
        organizations.value = known;
        if (!organizationId.value && known[0]) {
          go(`/o/${encodeURIComponent(known[0].organizationId)}/analytics`, true);
        }
      });
    }
  }, [known]);
  useColors();
  useUniverses();
  if (!isSignedIn.value) {
    return <SignIn />;
  }
  // The zone is the organization's unless the address or the reader says another, so pages wait for it.
  if (!organizationId.value || (organizations.value === null && !query.error)) {
    return query.error ? <ErrorNote error={query.error} retry={query.retry} /> : <div class="shell-bones" />;
  }
  return (
    <>
      <Shell>
        <Page />
      </Shell>
      <CommandPalette />
      <Help />
    </>
  );
}

/** Learns the colours and names of projects, so that a project looks the same on every page from its first picture on. */
function useColors(): void {
  const query = useQuery<Projects>(isSignedIn.value && organizationId.value ? question("/analytics/projects", { organizationId: organizationId.value }) : null);
  useEffect(() => {
    if (query.answer || query.error) {
      batch(() => {
        learnProjects(query.answer?.data.projects ?? []);
        colorsKnown.value = true;
      });
    }
  }, [query.answer, query.error]);
}

/** Learns all values of the dimensions of which filters leave some out. */
function useUniverses(): void {
  const dimensions = filters.value.filter((filter) => filter.isExcluded).map((filter) => filter.dimension);
  const refresh = refreshes.value;
  useEffect(() => {
    for (const dimension of dimensions) {
      const from = range.value.from < "2015-01-01" ? range.value.from : "2015-01-01";
      const to = range.value.to > today.value ? range.value.to : today.value;
      const learn = (keys: readonly string[]) => (universes.value = new Map([...universes.peek(), [dimension, keys]]));
      void ask<Activity>(question("/analytics/activity", { organizationId: organizationId.value, from, to, timezone: zone.value, groupBy: dimension, bucket: "month", fields: "cost" })).then(
        ({ data }) => learn(data.ranking.map(({ key }) => key ?? "")),
        (error: unknown) => {
          say(error instanceof Error ? error.message : "What is left out is not known.");
          learn([]);
        },
      );
    }
  }, [dimensions.join(), refresh]);
}

/** Pages about all of an organization. */
const OrganizationWide: Record<string, string> = { analytics: "Organization analytics", overview: "The organization's overview", members: "Member analytics", agents: "Agent analytics", usage: "The table of usage" };

function Page() {
  const { page, id, tab } = route.value;
  const own = organizations.value?.[0];
  if (organizations.value && organization.value === null) {
    // One word for the page: every question of it would be refused.
    return (
      <ErrorNote
        error={new ProblemError({ type: "/problems/unknown-organization", title: "Unknown organization", status: 404, detail: `There is no organization '${organizationId.value}', or you are not a member of it.` })}
        action={own ? `Go to ${own.name}` : "Try again"}
        retry={() => (own ? go(`/o/${encodeURIComponent(own.organizationId)}/analytics`) : refreshes.value++)}
      />
    );
  }
  const feature = OrganizationWide[page];
  if (feature && organizationWide.value !== "open" && !(page === "members" && id !== null)) {
    // What the sidebar has marked is not asked for only to be refused.
    const isPlan = organizationWide.value === "plan";
    return <Gate error={new ProblemError({ type: `/problems/${isPlan ? "plan" : "role"}-required`, title: "", status: 403, detail: "" })} feature={feature} />;
  }
  if (wantedUniverses.value.length > 0) {
    return <div class="card bones-page" aria-busy="true" />;
  }
  switch (page) {
    case "analytics":
      return <AnalyticsPage />;
    case "overview":
      return <OverviewPage />;
    case "members":
      return id === null ? <MembersPage /> : <MemberPage key={id} userId={id} />;
    case "me":
      return <MemberPage key="me" userId={null} />;
    case "projects":
      return id === null ? <ProjectsPage /> : <ProjectPage key={id} id={id} tab={tab} />;
    case "keys":
      return id === null ? <KeysPage /> : <KeyPage key={id} id={id} />;
    case "agents":
      return id === null ? <AgentsPage /> : <AgentPage key={id} id={id} />;
    case "usage":
      return <UsagePage />;
    case "plan":
      return <PlanPage />;
    case "preferences":
      return <PreferencesPage />;
    case "prices":
      return <PricesPage />;
    case "access":
      return <AccessPage />;
    default:
      return <ErrorNote error={new ProblemError({ type: "/problems/unknown-page", title: "No such page", status: 404, detail: `There is no page '${page}'.` })} action="Go to Analytics" retry={() => go(`/o/${encodeURIComponent(organizationId.value ?? "")}/analytics`)} />;
  }
}

// Figures are copied with all their digits, whatever is on screen.
document.addEventListener("copy", (event) => {
  const selection = getSelection();
  if (!selection || selection.isCollapsed || !event.clipboardData) {
    return;
  }
  const copied = document.createElement("div");
  for (let index = 0; index < selection.rangeCount; index++) {
    copied.append(selection.getRangeAt(index).cloneContents());
  }
  const anchor = selection.anchorNode;
  const figure = (anchor instanceof Element ? anchor : anchor?.parentElement)?.closest("data.figure");
  const figures = copied.querySelectorAll<HTMLDataElement>("data.figure");
  if (figures.length === 1 && copied.textContent === figures[0]!.textContent) {
    event.clipboardData.setData("text/plain", figures[0]!.value);
    event.preventDefault();
  } else if (figures.length === 0 && figure && copied.textContent === figure.textContent) {
    event.clipboardData.setData("text/plain", (figure as HTMLDataElement).value);
    event.preventDefault();
  }
});

render(<App />, document.getElementById("app")!);
