import { useSignal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { isOnline, pending, reachedAt, refreshes, signOut, type Readiness, readiness } from "../api/client.ts";
import { isManager, organization, organizations, organizationWide } from "../api/organization.ts";
import { setTheme, theme } from "../charts/palette.ts";
import { momentIn } from "../lib/dates.ts";
import { exactCount } from "../lib/numbers.ts";
import { now, pageAddress, route, zone } from "../lib/view.ts";
import { IconButton, Link, Menu, MenuItem, Popover } from "./controls.tsx";
import { FilterButton, FilterChips } from "./filters.tsx";
import { Icon, type IconName } from "./icons.tsx";
import { labelOf } from "./names.ts";
import { RangePicker } from "./range.tsx";
import { SelfCheck } from "./selfcheck.tsx";
import { dataThrough, isExact, notice, timing } from "./status.ts";
import { useSlow } from "./states.tsx";
import { SavedViews } from "./views.tsx";
import { ZonePicker } from "./zone.tsx";
import { helpOpen, paletteOpen, zoneOpen } from "./keys.ts";

interface Page {
  id: string;
  label: string;
  icon: IconName;
  /** Whether it is about the whole organization: Enterprise, owners and admins. */
  isWide?: boolean;
  /** Whether it is for owners and admins, on every plan. */
  isManaged?: boolean;
}

const Groups: { label: string; pages: Page[] }[] = [
  {
    label: "Organization",
    pages: [
      { id: "analytics", label: "Analytics", icon: "analytics", isWide: true },
      { id: "overview", label: "Overview", icon: "overview", isWide: true },
      { id: "members", label: "Members", icon: "members", isWide: true },
      { id: "agents", label: "Agents", icon: "agents", isWide: true },
      { id: "usage", label: "Usage tables", icon: "usage", isWide: true },
    ],
  },
  {
    label: "Workspace",
    pages: [
      { id: "projects", label: "Projects", icon: "projects" },
      { id: "keys", label: "API keys", icon: "keys" },
      { id: "me", label: "My usage", icon: "spark" },
    ],
  },
  {
    label: "Settings",
    pages: [
      { id: "plan", label: "Plan", icon: "card" },
      { id: "prices", label: "Models and prices", icon: "tag", isManaged: true },
      { id: "access", label: "Access and audit", icon: "shield", isManaged: true },
      { id: "preferences", label: "Preferences", icon: "sliders" },
    ],
  },
];

/** Pages that are not about usage. */
const Settings = new Set(["plan", "prices", "access", "preferences"]);
/** Pages with their own period, or none: the date range does not apply. */
const OwnPeriod = new Set(["overview", ...Settings]);

export function pageTitle(id: string): string {
  return Groups.flatMap((group) => group.pages).find((page) => page.id === id)?.label ?? "Analytics";
}

export function Shell({ children }: { children: ComponentChildren }) {
  const isMenuOpen = useSignal(false);
  const { page, id } = route.value;
  const isSettings = Settings.has(page);
  // Below what has not come yet, the foot would jump.
  const isSettled = useSignal(false);
  useSignalEffect(() => {
    if (pending.value === 0) {
      const timer = setTimeout(() => (isSettled.value = true), 300);
      return () => clearTimeout(timer);
    }
    return undefined;
  });
  useEffect(() => {
    isMenuOpen.value = false;
  }, [page, id]);
  useEffect(() => {
    document.title = [id ? labelOf(page, id) : pageTitle(page), organization.value?.name, "Analytics"].filter((part, index, all) => part && all.indexOf(part) === index).join(" · ");
  });
  return (
    <div class={`shell${isMenuOpen.value ? " menu-open" : ""}`} data-pending={pending.value}>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <aside class="sidebar" id="sidebar">
        <Switcher />
        <nav aria-label="Pages">
          {Groups.map((group) => (
            <div class="nav-group" key={group.label}>
              <h2>{group.label}</h2>
              {group.pages.map((each) => (
                <Link key={each.id} href={pageAddress(each.id)} class="nav-item" title={each.label} aria-current={page === each.id ? "page" : undefined}>
                  <Icon name={each.icon} />
                  <span class="nav-label">{each.label}</span>
                  {each.isWide && <Mark />}
                  {each.isManaged && !isManager.value && <Lock name="nav-lock" />}
                </Link>
              ))}
            </div>
          ))}
        </nav>
        <div class="sidebar-foot">
          <IconButton icon="search" label="Command palette (Ctrl K)" onClick={() => (paletteOpen.value = true)} />
          <IconButton icon={theme.value === "dark" ? "sun" : "moon"} label={theme.value === "dark" ? "Light theme (.)" : "Dark theme (.)"} onClick={() => setTheme(theme.value === "dark" ? "light" : "dark")} />
          <IconButton icon="help" label="Keyboard shortcuts (?)" onClick={() => (helpOpen.value = true)} />
          <IconButton icon="exit" label="Sign out" onClick={() => void signOut()} />
        </div>
      </aside>
      <div class="scrim" onClick={() => (isMenuOpen.value = false)} />
      <div class="page">
        <header class="topbar">
          <IconButton icon="menu" label="Menu" className="menu-button" expanded={isMenuOpen.value} onClick={() => (isMenuOpen.value = !isMenuOpen.value)} />
          <Breadcrumb />
          {/* Behind a name that has not come yet, it would jump. */}
          {!isSettings && (id === null || isSettled.value) && <SavedViews />}
          <span class="grow" />
          {!isSettings && <FilterButton />}
          {!OwnPeriod.has(page) && <RangePicker />}
          {!isSettings && <ZonePicker isOpen={zoneOpen.value} onOpen={(open) => (zoneOpen.value = open)} isExact={isExact.value} />}
          {!isSettings && <Refresh />}
          <Progress />
        </header>
        <Connection />
        <FilterChips />
        <main id="main" tabIndex={-1}>
          {children}
        </main>
        <footer class={isSettled.value ? "page-foot" : "page-foot waiting"}>
          <SelfCheck />
          <span class="grow" />
          <a href="/openapi/v1.json">API</a>
        </footer>
      </div>
      <div class="notice" role="status" aria-live="polite">
        {notice.value && <div>{notice.value}</div>}
      </div>
    </div>
  );
}

/** Says when the server is away, with the age of what is on screen, and when it is still loading; asks again by itself. */
function Connection() {
  const isAway = !isOnline.value;
  const isWaiting = useSlow(pending.value > 0, 1_200) || isAway;
  const [state, setState] = useState<Readiness | null>(null);
  const [, tick] = useState(0);
  useEffect(() => {
    setState(null);
    if (!isWaiting) {
      return;
    }
    // Away, less and less often, up to every half minute.
    let pause = isAway ? 3_000 : 1_500;
    let timer = 0;
    let isOver = false;
    const poll = async () => {
      const next = await readiness();
      if (isOver) {
        return;
      }
      setState(next);
      tick((count) => count + 1);
      if (next && isAway) {
        refresh();
      }
      pause = isAway ? Math.min(pause * 1.5, 30_000) : pause;
      timer = setTimeout(() => void poll(), pause) as unknown as number;
    };
    timer = setTimeout(() => void poll(), isAway ? pause : 0) as unknown as number;
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [isWaiting, isAway]);
  if (!isOnline.value) {
    const minutes = Math.floor((performance.now() - reachedAt.value) / 60_000);
    return (
      <div class="banner warn" role="status">
        The server cannot be reached. What you see is from {minutes < 1 ? "a moment ago" : minutes === 1 ? "a minute ago" : `${minutes} minutes ago`}; the page asks again by itself.
        <button type="button" class="link" onClick={refresh}>
          Try now
        </button>
      </div>
    );
  }
  if (state?.phase !== "loading") {
    return null;
  }
  const share = state.totalRows > 0 ? state.loadedRows / state.totalRows : 0;
  return (
    <div class="banner" role="status">
      <span>
        The server is loading usage into memory: {exactCount(state.loadedRows)} of {exactCount(state.totalRows)} rows. The page fills by itself.
      </span>
      <progress max={1} value={share} aria-label="Loaded" />
    </div>
  );
}

/** Marks what the plan or role does not include, before the click. */
function Mark() {
  const access = organizationWide.value;
  if (access === "open") {
    return null;
  }
  return access === "role" ? (
    <Lock />
  ) : (
    <span class="nav-mark" title="Part of the Enterprise plan">
      Enterprise
      <span class="sr">plan</span>
    </span>
  );
}

function Lock({ name = "nav-mark" }: { name?: string }) {
  return (
    <span class={name} title="For owners and admins">
      <Icon name="lock" size={12} />
      <span class="sr">for owners and admins</span>
    </span>
  );
}

function Switcher() {
  const current = organization.value;
  const initial = [...(current?.name ?? "A")][0]!;
  return (
    <Popover
      label={`Organization: ${current?.name ?? route.value.organization ?? ""}`}
      className="switcher"
      trigger={
        <>
          <span class="avatar" aria-hidden="true">
            {initial}
          </span>
          <span class="switcher-text">
            <span class="switcher-name">{current?.name ?? route.value.organization}</span>
            <span class="switcher-plan">{current ? `${current.plan} plan` : ""}</span>
          </span>
          <Icon name="down" size={12} />
        </>
      }
    >
      {(close) => (
        <Menu>
          {(organizations.value ?? []).map((each) => (
            <MenuItem
              key={each.organizationId}
              isChosen={each.organizationId === current?.organizationId}
              hint={each.plan}
              onClick={() => {
                close();
                location.assign(`/o/${encodeURIComponent(each.organizationId)}/${route.value.page || "analytics"}`);
              }}
            >
              {each.name}
            </MenuItem>
          ))}
          {(organizations.value ?? []).length === 0 && <p class="note">No organizations.</p>}
        </Menu>
      )}
    </Popover>
  );
}

function Breadcrumb() {
  const { page, id } = route.value;
  return (
    <nav class="breadcrumb" aria-label="Where you are">
      {id ? (
        <>
          <Link href={pageAddress(page)}>{pageTitle(page)}</Link>
          <Icon name="right" size={12} />
          <span aria-current="page">
            <bdi>{labelOf(page, id)}</bdi>
          </span>
        </>
      ) : (
        <span aria-current="page">{pageTitle(page)}</span>
      )}
    </nav>
  );
}

export function refresh(): void {
  now.value = new Date();
  refreshes.value++;
}

function Refresh() {
  const through = dataThrough.value;
  const details = timing.value
    .split(",")
    .map((part) => /^\s*(\w+).*?dur=([\d.]+)/.exec(part))
    .flatMap((match) => (match ? [`${match[1]} ${Number(match[2]) < 1 ? `${Math.round(Number(match[2]) * 1000)} µs` : `${match[2]} ms`}`] : []))
    .join(", ");
  return (
    <button type="button" class="button refresh" onClick={refresh} aria-label="Refresh" title={details ? `Refresh. The last answer took: ${details}` : "Refresh"}>
      <Icon name="refresh" />
      <span class="refresh-text">{through ? `data through ${momentIn(zone.value, through)}` : "\u00a0"}</span>
    </button>
  );
}

/** A thin bar once an answer takes long enough to notice. */
function Progress() {
  return <div class={`progress${useSlow(pending.value > 0, 150) ? " on" : ""}`} aria-hidden="true" />;
}
