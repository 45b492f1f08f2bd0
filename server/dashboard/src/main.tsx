import { batch } from "@preact/signals";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import "./styles.css";
import { isSignedIn, ProblemError, question, useQuery } from "./api/client.ts";
import { organizations } from "./api/organization.ts";
import type { Organizations } from "./api/types.ts";
import { go } from "./lib/location.ts";
import { organizationId, route } from "./lib/view.ts";
import { AnalyticsPage } from "./pages/analytics.tsx";
import { MemberPage, MembersPage } from "./pages/members.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { PlanPage } from "./pages/settings.tsx";
import { AgentPage, AgentsPage, KeyPage, KeysPage, ProjectPage, ProjectsPage } from "./pages/things.tsx";
import { UsagePage } from "./pages/usage.tsx";
import { SignIn } from "./pages/signin.tsx";
import { listen } from "./ui/keys.ts";
import { CommandPalette, Help } from "./ui/palette.tsx";
import { Shell } from "./ui/shell.tsx";
import { ErrorNote } from "./ui/states.tsx";

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

function Page() {
  const { page, id, tab } = route.value;
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
    default:
      return <ErrorNote error={new ProblemError({ type: "/problems/unknown-page", title: "No such page", status: 404, detail: `There is no page '${page}'.` })} retry={() => go(`/o/${organizationId.value}/analytics`)} />;
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
