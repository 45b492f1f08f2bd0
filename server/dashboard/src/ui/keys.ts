import { signal } from "@preact/signals";
import { setTheme, theme } from "../charts/palette.ts";
import { change, go } from "../lib/location.ts";
import { bucket, filters, isCompared, metric, pageAddress, removeFilter, setPreset, stepRange, type Bucket } from "../lib/view.ts";
import { frozenLink } from "./export.tsx";
import { copy } from "./status.ts";

export const paletteOpen = signal(false);
export const helpOpen = signal(false);
export const zoneOpen = signal(false);
export const filterOpen = signal(false);
/** Whether single keys act; the palette always opens. */
export const keysOn = signal(localStorage.getItem("keys") !== "off");

export function setKeysOn(on: boolean): void {
  localStorage.setItem("keys", on ? "on" : "off");
  keysOn.value = on;
}

/** Each shortcut with what it does, as the help lists them. */
export const Shortcuts: readonly [keys: string, what: string][] = [
  ["Ctrl K", "Command palette"],
  ["g a", "Analytics"],
  ["g o", "Overview"],
  ["g m", "Members"],
  ["g p", "Projects"],
  ["g k", "API keys"],
  ["1 2 3", "Cost, requests, tokens"],
  ["t w m q y", "Today, 7 days, month, 90 days, 12 months"],
  ["[ ]", "Previous, next range"],
  ["c", "Compare with the previous period"],
  ["b", "Longer buckets"],
  ["z", "Time zone"],
  ["/", "Search"],
  ["f", "Filter"],
  ["e", "Export the first chart"],
  ["s", "Copy a link with fixed dates"],
  [".", "Light or dark"],
  ["Esc", "Remove the last filter"],
  ["?", "This list"],
];

const Pages: Record<string, string> = { a: "analytics", o: "overview", m: "members", p: "projects", k: "keys" };
const Presets: Record<string, string> = { t: "today", w: "7d", m: "month", q: "90d", y: "12m" };
const Buckets: readonly Bucket[] = ["hour", "day", "week", "month"];

let isGoing = false;

export function listen(): () => void {
  const keys = (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      paletteOpen.value = !paletteOpen.value;
      return;
    }
    const target = event.target as HTMLElement;
    if (!keysOn.value || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || target.matches("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]") || target.closest(".panel")) {
      return;
    }
    if (isGoing) {
      isGoing = false;
      const page = Pages[event.key];
      if (page) {
        go(pageAddress(page));
        event.preventDefault();
      }
      return;
    }
    if (act(event.key)) {
      event.preventDefault();
    }
  };
  addEventListener("keydown", keys);
  return () => removeEventListener("keydown", keys);
}

function act(key: string): boolean {
  const preset = Presets[key];
  if (preset) {
    setPreset(preset);
    return true;
  }
  switch (key) {
    case "g":
      isGoing = true;
      setTimeout(() => (isGoing = false), 1_200);
      return true;
    case "1":
    case "2":
    case "3":
      change({ metric: [null, "requests", "tokens"][Number(key) - 1]! });
      return metric.value !== undefined;
    case "[":
      stepRange(-1);
      return true;
    case "]":
      stepRange(1);
      return true;
    case "c":
      change({ cmp: isCompared.value ? null : "previous" });
      return true;
    case "b":
      change({ bucket: Buckets[(Buckets.indexOf(bucket.value) + 1) % Buckets.length]! });
      return true;
    case "z":
      zoneOpen.value = true;
      return true;
    case "/":
      paletteOpen.value = true;
      return true;
    case "f":
      filterOpen.value = true;
      return true;
    case "e": {
      const menu = document.querySelector<HTMLElement>("main button[aria-label^='Export ']");
      menu?.scrollIntoView({ block: "center" });
      menu?.click();
      return menu !== null;
    }
    case "s":
      void copy(frozenLink(), "Link with fixed dates");
      return true;
    case ".":
      setTheme(theme.value === "dark" ? "light" : "dark");
      return true;
    case "?":
      helpOpen.value = true;
      return true;
    case "Escape": {
      const last = filters.value.at(-1);
      if (last) {
        removeFilter(last, last.values.at(-1)!);
      }
      return last !== undefined;
    }
    default:
      return false;
  }
}
