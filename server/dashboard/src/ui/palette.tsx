import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { organizations } from "../api/organization.ts";
import { setTheme, theme } from "../charts/palette.ts";
import { rangeText } from "../lib/dates.ts";
import { change, go } from "../lib/location.ts";
import { Presets, readRange } from "../lib/ranges.ts";
import { Dimensions, isCompared, Metrics, pageAddress, setPreset, setRange, setZone, today } from "../lib/view.ts";
import { allZones, offsetText } from "../lib/zones.ts";
import { Icon, type IconName } from "./icons.tsx";
import { frozenLink } from "./export.tsx";
import { filterOpen, helpOpen, paletteOpen, Shortcuts } from "./keys.ts";
import { known } from "./names.ts";
import { copy } from "./status.ts";
import { savedViews } from "./views.tsx";

interface Command {
  label: string;
  kind: string;
  icon: IconName;
  run: () => void;
}

const Shown = 40;

/** Everything by name: pages, projects, keys, members, ranges, zones. Typed dates work too. */
export function CommandPalette() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [words, setWords] = useState("");
  const [index, setIndex] = useState(0);
  const isOpen = paletteOpen.value;
  useLayoutEffect(() => {
    if (isOpen) {
      setWords("");
      setIndex(0);
      dialog.current!.showModal();
    } else {
      dialog.current!.close();
    }
  }, [isOpen]);
  const all = useMemo(() => (isOpen ? commands() : []), [isOpen]);
  const wanted = words.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const typed = words.trim() ? readRange(words, today.value) : null;
  const found = [
    ...(typed ? [{ label: rangeText(typed.from, typed.to), kind: "range", icon: "calendar" as const, run: () => setRange(typed) }] : []),
    ...all.filter((command) => wanted.every((word) => `${command.kind} ${command.label}`.toLowerCase().includes(word)) && (wanted.length > 0 || command.kind !== "zone")),
  ].slice(0, Shown);
  const run = (command: Command | undefined) => {
    if (command) {
      paletteOpen.value = false;
      command.run();
    }
  };
  return (
    <dialog class="palette" ref={dialog} aria-label="Command palette" onClose={() => (paletteOpen.value = false)} onClick={(event) => event.target === dialog.current && (paletteOpen.value = false)}>
      {isOpen && (
        <>
          <label class="search">
            <Icon name="search" />
            <span class="sr">Command</span>
            <input
              autofocus
              role="combobox"
              aria-expanded="true"
              aria-controls="palette-list"
              aria-activedescendant={found[index] ? `command-${index}` : undefined}
              placeholder="Page, project, key, member, date or zone"
              value={words}
              onInput={(event) => {
                setWords(event.currentTarget.value);
                setIndex(0);
              }}
              onKeyDown={(event) => {
                const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
                if (step && found.length > 0) {
                  event.preventDefault();
                  const next = (index + step + found.length) % found.length;
                  setIndex(next);
                  document.getElementById(`command-${next}`)?.scrollIntoView({ block: "nearest" });
                } else if (event.key === "Enter") {
                  // Focus goes back to where it was, which this key would press.
                  event.preventDefault();
                  run(found[index]);
                }
              }}
            />
          </label>
          <div class="palette-list" id="palette-list" role="listbox" aria-label="Commands">
            {found.map((command, position) => (
              <div key={`${command.kind} ${command.label} ${position}`} id={`command-${position}`} role="option" aria-selected={position === index} class="item" onPointerEnter={() => setIndex(position)} onClick={() => run(command)}>
                <Icon name={command.icon} />
                <span class="grow">
                  <bdi>{command.label}</bdi>
                </span>
                <span class="hint">{command.kind}</span>
              </div>
            ))}
            {found.length === 0 && <p class="note">Nothing is called so. Dates work too: "jun 22", "last month".</p>}
          </div>
        </>
      )}
    </dialog>
  );
}

function commands(): Command[] {
  const page = (id: string, label: string, icon: IconName): Command => ({ label, kind: "page", icon, run: () => go(pageAddress(id)) });
  const things = (kind: string, name: string, id: string, icon: IconName): Command[] => known(kind).map((thing) => ({ label: thing.label, kind: name, icon, run: () => go(pageAddress(id, thing.id)) }));
  return [
    page("analytics", "Analytics", "analytics"),
    page("overview", "Overview", "overview"),
    page("members", "Members", "members"),
    page("agents", "Agents", "agents"),
    page("usage", "Usage tables", "usage"),
    page("projects", "Projects", "projects"),
    page("keys", "API keys", "keys"),
    page("me", "My usage", "spark"),
    page("plan", "Plan", "card"),
    page("prices", "Models and prices", "tag"),
    page("access", "Access and audit", "shield"),
    page("preferences", "Preferences", "sliders"),
    ...Dimensions.map((dimension): Command => ({ label: `Analytics by ${dimension.label}`, kind: "breakdown", icon: "analytics", run: () => go(pageAddress("analytics", undefined, { by: dimension.id === "model" ? null : dimension.id })) })),
    ...Metrics.map((metric): Command => ({ label: metric.label, kind: "metric", icon: "bars", run: () => change({ metric: metric.id === "cost" ? null : metric.id }) })),
    { label: "What changed?", kind: "action", icon: "bulb", run: () => go(pageAddress("analytics", undefined, { show: "explain" })) },
    { label: "Compare with the previous period", kind: "action", icon: "lines", run: () => change({ cmp: isCompared.value ? null : "previous" }) },
    { label: "Filter", kind: "action", icon: "filter", run: () => (filterOpen.value = true) },
    { label: "Export the first chart", kind: "action", icon: "download", run: () => setTimeout(() => document.querySelector<HTMLElement>("main button[aria-label^='Export ']")?.click()) },
    { label: "Copy link, with ranges that go along", kind: "action", icon: "link", run: () => void copy(location.href, "Link") },
    { label: "Copy link, with fixed dates", kind: "action", icon: "link", run: () => void copy(frozenLink(), "Link with fixed dates") },
    ...savedViews().map((view): Command => ({ label: view.name, kind: "saved view", icon: "bookmark", run: () => go(view.address) })),
    ...Presets.map((preset): Command => ({ label: preset.label, kind: "range", icon: "calendar", run: () => setPreset(preset.id) })),
    ...things("project", "project", "projects", "projects"),
    ...things("apiKey", "API key", "keys", "keys"),
    ...things("member", "member", "members", "members"),
    ...things("agent", "agent", "agents", "agents"),
    ...(organizations.value ?? []).map((each): Command => ({ label: each.name, kind: "organization", icon: "overview", run: () => location.assign(`/o/${encodeURIComponent(each.organizationId)}/analytics`) })),
    { label: "Switch between light and dark", kind: "theme", icon: "moon", run: () => setTheme(theme.value === "dark" ? "light" : "dark") },
    { label: "Keyboard shortcuts", kind: "help", icon: "text", run: () => (helpOpen.value = true) },
    ...allZones(new Date()).map((zone): Command => ({ label: `${zone.id.replaceAll("_", " ")} (${offsetText(zone.offset)})`, kind: "zone", icon: "globe", run: () => setZone(zone.id) })),
  ];
}

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = helpOpen.value;
  useLayoutEffect(() => {
    if (isOpen) {
      dialog.current!.showModal();
    } else {
      dialog.current!.close();
    }
  }, [isOpen]);
  return (
    <dialog class="help" ref={dialog} aria-label="Keyboard shortcuts" onClose={() => (helpOpen.value = false)} onClick={(event) => event.target === dialog.current && (helpOpen.value = false)}>
      {isOpen && (
        <form method="dialog">
          <h2>Keyboard shortcuts</h2>
          <dl>
            {Shortcuts.map(([keys, what]) => (
              <div key={keys}>
                <dt>
                  {keys.split(" ").map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <button type="submit" class="button primary">
            Close
          </button>
        </form>
      )}
    </dialog>
  );
}
