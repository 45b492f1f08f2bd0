import { signal } from "@preact/signals";
import type { Dimension } from "../lib/view.ts";

// Ten colours, each at least 3:1 on its card and apart from each other under the common colour-vision deficiencies.
const Light = ["#3258E8", "#B4600C", "#14504E", "#E8609F", "#651F8C", "#AC8C14", "#2F855C", "#8F2216", "#2094DC", "#46291C"];
const Dark = ["#7190F0", "#F27C1A", "#6EE6E2", "#B2507F", "#7E50E6", "#FAD13C", "#B1DBA2", "#D5302A", "#58BFEB", "#A0856C"];

export const theme = signal<"light" | "dark">(document.documentElement.dataset["theme"] === "dark" ? "dark" : "light");

export type ThemeChoice = "system" | "light" | "dark";

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const stored = localStorage.getItem("theme");
/** What the reader chose; the system's theme where they chose none. */
export const themeChoice = signal<ThemeChoice>(stored === "dark" || stored === "light" ? stored : "system");

function paint(next: "light" | "dark"): void {
  document.documentElement.dataset["theme"] = next;
  theme.value = next;
}

export function chooseTheme(choice: ThemeChoice): void {
  themeChoice.value = choice;
  if (choice === "system") {
    localStorage.removeItem("theme");
  } else {
    localStorage.setItem("theme", choice);
  }
  paint(choice === "system" ? (prefersDark.matches ? "dark" : "light") : choice);
}

export function setTheme(next: "light" | "dark"): void {
  chooseTheme(next);
}

prefersDark.addEventListener("change", () => themeChoice.value === "system" && paint(prefersDark.matches ? "dark" : "light"));

/** Whether a pattern lies over each colour of a chart. */
export const isPatterned = signal(localStorage.getItem("patterns") === "on");

export function setPatterned(on: boolean): void {
  localStorage.setItem("patterns", on ? "on" : "off");
  isPatterned.value = on;
}

const patterns = new Map<string, unknown>();

// Strokes of a pattern on a tile of 8 by 8: told apart without any colour.
const Strokes: readonly ((context: CanvasRenderingContext2D) => void)[] = [
  () => undefined,
  (context) => [-8, 0, 8].forEach((x) => (context.moveTo(x - 1, 9), context.lineTo(x + 9, -1))),
  (context) => (context.moveTo(0, 4), context.lineTo(8, 4)),
  (context) => [2, 6].forEach((at) => (context.moveTo(at + 1, at), context.arc(at, at, 1, 0, 7))),
  (context) => [-8, 0, 8].forEach((x) => (context.moveTo(x - 1, -1), context.lineTo(x + 9, 9))),
  (context) => (context.moveTo(4, 0), context.lineTo(4, 8)),
  (context) => (context.moveTo(0, 4), context.lineTo(8, 4), context.moveTo(4, 0), context.lineTo(4, 8)),
];

// The same patterns for swatches, in CSS.
const Swatches: readonly string[] = [
  "",
  "repeating-linear-gradient(135deg, var(--card) 0 1px, transparent 1px 4px)",
  "repeating-linear-gradient(0deg, transparent 0 3px, var(--card) 3px 4px)",
  "radial-gradient(var(--card) 1px, transparent 1.2px) 0 0 / 4px 4px",
  "repeating-linear-gradient(45deg, var(--card) 0 1px, transparent 1px 4px)",
  "repeating-linear-gradient(90deg, transparent 0 3px, var(--card) 3px 4px)",
  "repeating-linear-gradient(0deg, transparent 0 3px, var(--card) 3px 4px), repeating-linear-gradient(90deg, transparent 0 3px, var(--card) 3px 4px)",
];

/** The background of a swatch or bar that stands for a series. */
export function swatchOf(color: string, place: number): string {
  const pattern = isPatterned.value ? Swatches[place % Swatches.length]! : "";
  return pattern ? `${pattern}, ${color}` : color;
}

/** A colour as charts fill with it: itself, or with the pattern of its place. */
export function fillOf(color: string, place: number): string {
  const kind = place % Strokes.length;
  if (!isPatterned.value || kind === 0) {
    return color;
  }
  const key = `${color} ${kind} ${theme.value}`;
  let pattern = patterns.get(key);
  if (!pattern) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 8;
    const context = canvas.getContext("2d")!;
    context.fillStyle = color;
    context.fillRect(0, 0, 8, 8);
    context.strokeStyle = ink().card;
    context.lineWidth = 1.5;
    context.beginPath();
    Strokes[kind]!(context);
    context.stroke();
    patterns.set(key, (pattern = { image: canvas, repeat: "repeat" }));
  }
  // What ECharts takes for a colour is a wider type than it says.
  return pattern as string;
}

/** Colours of everything but series. */
export function ink() {
  return theme.value === "dark"
    ? { card: "#161B22", text: "#E8ECF1", text2: "#AEB7C4", text3: "#8893A2", grid: "#232B35", border: "#2D3642", others: "#AAAFB9", accent: "#8FA8FF", weekend: "rgb(255 255 255 / .025)", void: "rgb(255 255 255 / .09)" }
    : { card: "#FFFFFF", text: "#14181F", text2: "#4A5361", text3: "#67707E", grid: "#E9ECF0", border: "#DFE3E8", others: "#646973", accent: "#2449C9", weekend: "rgb(20 24 31 / .028)", void: "rgb(20 24 31 / .10)" };
}

export function slots(): readonly string[] {
  return theme.value === "dark" ? Dark : Light;
}

/** Whether the directory has been asked for its colours. */
export const colorsKnown = signal(false);
/** Colours that the directory gives to projects. */
export const configuredColors = signal<ReadonlyMap<string, string>>(new Map());

// Colour belongs to the thing, not to its rank: what has a place keeps it through every metric, range, page and visit. By
// hashes, so that a browser that is left behind names nothing.
const places = new Map<number, number>(keptPlaces());
const MostPlaces = 4_000;
let isKeeping = false;

function keptPlaces(): [number, number][] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem("colors") ?? "[]");
    return Array.isArray(kept) ? kept.filter((entry): entry is [number, number] => Array.isArray(entry) && Number.isInteger(entry[0]) && Number.isInteger(entry[1]) && entry[1] >= 0 && entry[1] < Light.length) : [];
  } catch {
    return [];
  }
}

function keepPlaces(): void {
  if (!isKeeping) {
    isKeeping = true;
    setTimeout(() => {
      isKeeping = false;
      try {
        localStorage.setItem("colors", JSON.stringify([...places].slice(-MostPlaces)));
      } catch {
        // No room, or none allowed: the colours hold until the page is left.
      }
    }, 1_000);
  }
}

/** A colour for each key of a chart, largest first. `null` is Others. */
export function colorsOf(dimension: Dimension, keys: readonly (string | null)[]): Map<string | null, string> {
  const colors = slots();
  const taken = new Set<number>();
  const chosen = new Map<string | null, string>();
  const unplaced: string[] = [];
  for (const key of keys) {
    if (key === null) {
      chosen.set(null, ink().others);
      continue;
    }
    const configured = dimension === "project" ? configuredColors.value.get(key) : undefined;
    if (configured) {
      chosen.set(key, configured);
      continue;
    }
    const place = places.get(hash(`${dimension}\n${key}`));
    if (place !== undefined && !taken.has(place)) {
      taken.add(place);
      chosen.set(key, colors[place]!);
    } else {
      unplaced.push(key);
    }
  }
  for (const key of unplaced) {
    let place = hash(key) % colors.length;
    for (let step = 0; taken.has(place) && step < colors.length; step++) {
      place = (place + 1) % colors.length;
    }
    taken.add(place);
    const name = hash(`${dimension}\n${key}`);
    if (!places.has(name)) {
      places.set(name, place);
      keepPlaces();
    }
    chosen.set(key, colors[place]!);
  }
  return chosen;
}

// FNV-1a: the same in every browser and on every day.
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return value;
}

function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Whether a colour that somebody configured hardly stands out from the card: it gets an outline then. */
export function isFaint(color: string): boolean {
  if (!/^#[0-9a-f]{6}$/i.test(color)) {
    return false;
  }
  const [one, other] = [luminance(color), luminance(ink().card)].sort((a, b) => b - a) as [number, number];
  return (one + 0.05) / (other + 0.05) < 3;
}

/** The line around what is filled with a colour. */
export function outlineOf(color: string): string {
  return isFaint(color) ? ink().text3 : color;
}

/** Hatching in a colour, for what is not complete. */
export function hatch(color: string): CanvasPattern | string {
  const key = color + theme.value;
  const known = hatches.get(key);
  if (known) {
    return known as CanvasPattern;
  }
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 8;
  const context = canvas.getContext("2d")!;
  context.fillStyle = color;
  context.globalAlpha = 0.28;
  context.fillRect(0, 0, 8, 8);
  context.globalAlpha = 0.9;
  context.strokeStyle = color;
  context.lineWidth = 2;
  context.beginPath();
  for (const x of [-8, 0, 8]) {
    context.moveTo(x - 1, 9);
    context.lineTo(x + 9, -1);
  }
  context.stroke();
  const pattern = { image: canvas, repeat: "repeat" } as unknown as CanvasPattern;
  hatches.set(key, pattern);
  return pattern;
}
const hatches = new Map<string, unknown>();
