import { computed, signal } from "@preact/signals";
import { organization, organizationId, organizationWide } from "../api/organization.ts";
import { dayCount, dayIn, isDay, type Day } from "./dates.ts";
import { addressWith, change, path, query, queryText } from "./location.ts";
import { bucketFor, DefaultPreset, presetRange, shiftRange, type Range } from "./ranges.ts";
import { isZone, ownZone } from "./zones.ts";

/** Dimensions as the server names them, and as people do. */
export const Dimensions = [
  { id: "model", label: "Model", plural: "models" },
  { id: "project", label: "Project", plural: "projects" },
  { id: "apiKey", label: "API key", plural: "API keys" },
  { id: "mapping", label: "Mapping", plural: "mappings" },
  { id: "provider", label: "Provider", plural: "providers" },
  { id: "member", label: "Member", plural: "members" },
  { id: "app", label: "App", plural: "apps" },
  { id: "serviceType", label: "Service type", plural: "service types" },
  { id: "agent", label: "Agent", plural: "agents" },
] as const;
export type Dimension = (typeof Dimensions)[number]["id"];

export const Metrics = [
  { id: "cost", label: "Cost" },
  { id: "requests", label: "Requests" },
  { id: "tokens", label: "Tokens" },
] as const;
export type Metric = (typeof Metrics)[number]["id"];
export type Bucket = "hour" | "day" | "week" | "month";
export type Shape = "area" | "bars" | "lines";

export function dimensionLabel(id: Dimension): string {
  return Dimensions.find((dimension) => dimension.id === id)!.label;
}

/** The name of a dimension's filter parameter. */
export function filterParameter(dimension: Dimension): string {
  return { project: "projectId", apiKey: "apiKeyId", member: "memberId", agent: "agentId" }[dimension as string] ?? dimension;
}

// --- organization and page -----------------------------------------------------------------------------------------------

export const route = computed(() => {
  const parts = path.value.split("/").filter(Boolean).map(decodeURIComponent);
  return parts[0] === "o" ? { organization: parts[1] ?? null, page: parts[2] ?? "analytics", id: parts[3] ?? null, tab: parts[4] ?? null } : { organization: null, page: parts[0] ?? "", id: null, tab: null };
});
export { organizationId };

/** Parameters that go along from page to page; the others belong to one page. */
const Shared = new Set(["range", "from", "to", "tz"]);

/** What goes along, as it stands in an address. Made once for all links of a page: there are hundreds. */
const along = computed(() => new URLSearchParams([...query.value].filter(([name]) => Shared.has(name) || name.startsWith("f.") || name.startsWith("x."))));
const alongText = computed(() => queryText(along.value));

/** The address of a page of this organization, in the same range, zone and filters. */
export function pageAddress(page: string, id?: string, changes?: Record<string, string | null>): string {
  const to = `/o/${encodeURIComponent(organizationId.value ?? "")}/${page}${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;
  return changes ? addressWith(changes, to, along.value) : to + alongText.value;
}

// --- zone ----------------------------------------------------------------------------------------------------------------

/** The organization's reporting zone; null where it has none. */
export const reportingZone = computed(() => organization.value?.timezones[0] ?? null);
const storedZone = signal(localStorage.getItem("zone"));

/** The zone whose days are counted: the address's, else the reader's choice, else the organization's. */
export const zone = computed(() => {
  const asked = query.value.get("tz");
  if (asked && isZone(asked)) {
    return asked;
  }
  const stored = storedZone.value;
  return stored && isZone(stored) ? stored : (reportingZone.value ?? ownZone());
});

export function setZone(id: string): void {
  localStorage.setItem("zone", id);
  storedZone.value = id;
  change({ tz: id });
}

// --- range ---------------------------------------------------------------------------------------------------------------

/** Changes when a new day begins or the reader asks for the latest. */
export const now = signal(new Date());
export const today = computed<Day>(() => dayIn(zone.value, now.value));

export const preset = computed(() => {
  const parameters = query.value;
  if (parameters.has("from")) {
    return null;
  }
  const id = parameters.get("range") ?? DefaultPreset;
  return presetRange(id, today.value) ? id : DefaultPreset;
});

export const range = computed<Range>(() => {
  const from = query.value.get("from");
  const to = query.value.get("to");
  return from && to && isDay(from) && isDay(to) && from <= to ? { from, to } : presetRange(preset.value ?? DefaultPreset, today.value)!;
});

export function setPreset(id: string): void {
  change({ from: null, to: null, range: id === DefaultPreset ? null : id, bucket: null });
}

export function setRange({ from, to }: Range): void {
  change({ from, to, range: null, bucket: null });
}

interface Zoom {
  before: Record<string, string | null>;
  into: Range;
}

const zooms = signal<readonly Zoom[]>([]);

/** Whether the range is a part of one that the reader zoomed into. */
export const isZoomed = computed(() => {
  const last = zooms.value.at(-1);
  return last !== undefined && last.into.from === range.value.from && last.into.to === range.value.to;
});

/** Narrows the range to a part of it; `zoomOut` goes back. */
export function zoomTo(into: Range): void {
  if (into.from === range.value.from && into.to === range.value.to) {
    return;
  }
  const before = Object.fromEntries(["from", "to", "range", "bucket"].map((name) => [name, query.value.get(name)]));
  zooms.value = [...(isZoomed.value ? zooms.value : []), { before, into }];
  setRange(into);
}

export function zoomOut(): void {
  const last = zooms.value.at(-1);
  if (last && isZoomed.value) {
    zooms.value = zooms.value.slice(0, -1);
    change(last.before);
  }
}

export function stepRange(steps: -1 | 1): void {
  setRange(shiftRange(range.value, steps));
}

// --- what is shown -------------------------------------------------------------------------------------------------------

function oneOf<T extends string>(name: string, accepted: readonly T[], standard: T) {
  return computed<T>(() => {
    const value = query.value.get(name) as T | null;
    return value && accepted.includes(value) ? value : standard;
  });
}

const dimensionIds = Dimensions.map((dimension) => dimension.id);
export const groupBy = oneOf<Dimension>("by", dimensionIds, "model");
export const thenBy = computed<Dimension | null>(() => {
  const value = query.value.get("then") as Dimension | null;
  return value && dimensionIds.includes(value) && value !== groupBy.value ? value : null;
});
export const metric = oneOf<Metric>("metric", ["cost", "requests", "tokens"], "cost");
export const shape = oneOf<Shape>("view", ["area", "bars", "lines"], "area");
export const isCompared = computed(() => query.value.get("cmp") === "previous");
export const isRunning = computed(() => query.value.get("sum") === "running");
export const bucket = computed<Bucket>(() => {
  const value = query.value.get("bucket") as Bucket | null;
  const { from, to } = range.value;
  const fits = value === "hour" ? dayCount(from, to) <= 14 : value === "day" ? dayCount(from, to) <= 800 : value !== null && ["week", "month"].includes(value);
  return value && fits ? value : bucketFor(range.value);
});
export const hidden = computed(() => new Set(query.value.getAll("hide")));

// --- filters -------------------------------------------------------------------------------------------------------------

export interface Filter {
  dimension: Dimension;
  values: string[];
  /** Whether these values are left out instead of kept. */
  isExcluded: boolean;
}

/** `f.model=a` keeps, `x.model=a` leaves out. */
function filterName({ dimension, isExcluded }: Pick<Filter, "dimension" | "isExcluded">): string {
  return `${isExcluded ? "x" : "f"}.${dimension}`;
}

export const filters = computed<Filter[]>(() =>
  // Leaving some out takes knowing all, which is a question about the whole organization.
  (organizationWide.value === "open" ? [false, true] : [false]).flatMap((isExcluded) =>
    Dimensions.flatMap(({ id }) => {
      const values = query.value.getAll(filterName({ dimension: id, isExcluded }));
      return values.length > 0 ? [{ dimension: id, values, isExcluded }] : [];
    }),
  ),
);

/** Adds a value to a filter, or takes it away where it is there. Excluding what was kept, and the other way round, replaces it. */
export function addFilter(dimension: Dimension, value: string, isExcluded = false): void {
  const own = filterName({ dimension, isExcluded });
  const other = filterName({ dimension, isExcluded: !isExcluded });
  const values = query.value.getAll(own);
  change({
    [own]: values.includes(value) ? values.filter((each) => each !== value) : [...values, value],
    [other]: query.value.getAll(other).filter((each) => each !== value),
  });
}

/** Takes away one value of a filter, or all of it. */
export function removeFilter(filter: Pick<Filter, "dimension" | "isExcluded">, value?: string): void {
  const name = filterName(filter);
  change({ [name]: value === undefined ? null : query.value.getAll(name).filter((other) => other !== value) });
}

/** Takes away every filter. */
export function removeFilters(): void {
  change(Object.fromEntries(filters.value.map((filter) => [filterName(filter), null])));
}

/**
 * All values of a dimension, for filters that leave some out: the server's filters keep, so that leaving out is keeping the
 * others. Null until they are known.
 */
export const universes = signal<ReadonlyMap<Dimension, readonly string[]>>(new Map());

/** Dimensions whose values have to be known before anything can be asked. */
export const wantedUniverses = computed<Dimension[]>(() => filters.value.filter((filter) => filter.isExcluded && !universes.value.has(filter.dimension)).map((filter) => filter.dimension));

/** A value that nothing has, where filters leave nothing. */
const Nothing = "\u2205";

/** The parameters that filters are asked with. */
export function filterParameters(all: readonly Filter[]): Record<string, readonly string[]> {
  const parameters: Record<string, readonly string[]> = {};
  for (const { dimension, values, isExcluded } of all) {
    const name = filterParameter(dimension);
    if (isExcluded) {
      const from = parameters[name] ?? universes.value.get(dimension) ?? [];
      const kept = from.filter((value) => !values.includes(value));
      parameters[name] = kept.length > 0 ? kept : [Nothing];
    } else {
      parameters[name] = values;
    }
  }
  return parameters;
}

/** The parameters of every question about the current view. */
export const asked = computed<Record<string, string | readonly string[]>>(() => ({
  organizationId: organizationId.value ?? "",
  from: range.value.from,
  to: range.value.to,
  timezone: zone.value,
  ...filterParameters(filters.value),
}));

const Known = new Set(["range", "from", "to", "tz", "by", "then", "metric", "view", "cmp", "sum", "bucket", "hide", "sort", "q", "month", "tab", "models", "service", "unit", "show", "scale", "baseline", "day"]);

const Values: Record<string, (value: string) => boolean> = {
  range: (value) => presetRange(value, today.value) !== null,
  from: isDay,
  to: isDay,
  tz: isZone,
  by: (value) => dimensionIds.includes(value as Dimension),
  then: (value) => dimensionIds.includes(value as Dimension),
  metric: (value) => Metrics.some(({ id }) => id === value),
  view: (value) => ["area", "bars", "lines"].includes(value),
  bucket: (value) => ["hour", "day", "week", "month"].includes(value),
  cmp: (value) => value === "previous",
  sum: (value) => value === "running",
  month: (value) => /^\d{4}-(0[1-9]|1[0-2])$/.test(value),
  models: (value) => ["canonical", "mapping"].includes(value),
};

/** What the address says that is not understood, so that something else is shown: `range=foo`. */
export const misreadValues = computed(() => {
  const parameters = query.value;
  const wrong = [...parameters].filter(([name, value]) => Values[name]?.(value) === false).map(([name, value]) => `${name}=${value}`);
  const from = parameters.get("from");
  const to = parameters.get("to");
  if (wrong.length === 0 && (from !== null || to !== null) && (from === null || to === null || from > to)) {
    return [from === null ? `to=${to} without from` : to === null ? `from=${from} without to` : `from=${from} after to=${to}`];
  }
  return wrong;
});

/** Parameters of the address that mean nothing here: said, not dropped silently. */
export const unknownParameters = computed(() => [...new Set(query.value.keys())].filter((name) => !Known.has(name) && !dimensionIds.some((id) => name === `f.${id}` || (name === `x.${id}` && organizationWide.value === "open"))));
