import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ask, question, useQuery } from "../api/client.ts";
import { organizationWide } from "../api/organization.ts";
import type { Activity, ApiKeys, Projects } from "../api/types.ts";
import { addDays } from "../lib/dates.ts";
import { shortMoney } from "../lib/money.ts";
import { addFilter, asked, dimensionLabel, Dimensions, filterParameter, filters, misreadValues, organizationId, removeFilter, removeFilters, today, unknownParameters, zone, type Dimension } from "../lib/view.ts";
import { Popover } from "./controls.tsx";
import { filterOpen } from "./keys.ts";
import { Icon } from "./icons.tsx";
import { labelOf, learn } from "./names.ts";

const Shown = 80;
const chosenDimension = signal<Dimension>("project");

/** Keeps or leaves out values of any dimension, with what each of them cost. */
export function FilterButton() {
  const count = filters.value.reduce((sum, { values }) => sum + values.length, 0);
  return (
    <Popover
      label={count > 0 ? `Filters: ${count}` : "Filters"}
      className={`filter-button${count > 0 ? " chosen" : ""}`}
      align="end"
      isOpen={filterOpen.value}
      onOpen={(open) => (filterOpen.value = open)}
      trigger={
        <>
          <Icon name="filter" />
          <span class="filter-name">Filter</span>
          {count > 0 && <span class="count">{count}</span>}
        </>
      }
    >
      {() => <FilterPanel />}
    </Popover>
  );
}

interface Choice {
  key: string;
  label: string;
  cost: string;
}

/** The values of a dimension in the range, under the other filters. */
function useChoices(dimension: Dimension): Choice[] | undefined {
  const isWide = organizationWide.value === "open";
  const shared: Record<string, string | readonly string[] | null> = { ...asked.value, [filterParameter(dimension)]: null };
  const wide = useQuery<Activity>(isWide ? question("/analytics/activity", { ...shared, groupBy: dimension, bucket: "month", fields: "cost" }) : null);
  const projects = useQuery<Projects>(!isWide && dimension === "project" ? question("/analytics/projects", shared) : null);
  const keys = useQuery<ApiKeys>(!isWide && dimension === "apiKey" ? question("/analytics/api-keys", shared) : null);
  const answer = isWide ? wide.answer?.data.ranking.map(({ key, label, cost }) => ({ key: key ?? "", label: label ?? "", cost }))
    : dimension === "project" ? projects.answer?.data.projects.map(({ projectId, name, cost }) => ({ key: projectId, label: name, cost }))
    : keys.answer?.data.apiKeys.map(({ apiKeyId, description, cost }) => ({ key: apiKeyId, label: description, cost }));
  // The answer to another dimension's question is none to this one.
  return (isWide ? wide : dimension === "project" ? projects : keys).isStale ? undefined : answer;
}

function FilterPanel() {
  const isWide = organizationWide.value === "open";
  const offered = Dimensions.filter(({ id }) => isWide || id === "project" || id === "apiKey");
  const dimension = offered.some(({ id }) => id === chosenDimension.value) ? chosenDimension.value : "project";
  const [words, setWords] = useState("");
  const choices = useChoices(dimension);
  if (choices) {
    learn(dimension, choices);
  }
  const wanted = words.trim().toLowerCase();
  const found = choices?.filter(({ key, label }) => wanted === "" || `${label} ${key}`.toLowerCase().includes(wanted));
  const valuesOf = (isExcluded: boolean) => filters.value.find((filter) => filter.dimension === dimension && filter.isExcluded === isExcluded)?.values ?? [];
  const kept = valuesOf(false);
  const excluded = valuesOf(true);
  return (
    <div class="filter-panel">
      <div class="filter-dimensions" role="radiogroup" aria-label="Filter by">
        {offered.map(({ id, label }) => (
          <button key={id} type="button" role="radio" class="item" aria-checked={id === dimension} onClick={() => ((chosenDimension.value = id), setWords(""))}>
            <span class="grow">{label}</span>
            {filters.value.some((filter) => filter.dimension === id) && <i class="dot" />}
          </button>
        ))}
      </div>
      <div class="filter-values">
        <label class="search">
          <Icon name="search" />
          <span class="sr">Search {Dimensions.find(({ id }) => id === dimension)!.plural}</span>
          <input
            data-focus
            type="search"
            placeholder={`Search ${Dimensions.find(({ id }) => id === dimension)!.plural}`}
            value={words}
            onInput={(event) => setWords(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && found?.[0]) {
                event.preventDefault();
                addFilter(dimension, found[0].key, event.altKey && isWide);
              }
            }}
          />
        </label>
        <ul>
          {found?.slice(0, Shown).map(({ key, label, cost }) => (
            <li key={key} class={excluded.includes(key) ? "excluded" : undefined}>
              <label class="item" title={label}>
                <input type="checkbox" checked={kept.includes(key)} onChange={() => addFilter(dimension, key)} />
                <span class="grow">
                  <bdi>{label}</bdi>
                </span>
                <span class="hint">{shortMoney(cost)}</span>
              </label>
              {isWide && (
                <button type="button" class="exclude" aria-pressed={excluded.includes(key)} aria-label={`Leave out ${label}`} title="Leave this out" onClick={() => addFilter(dimension, key, true)}>
                  not
                </button>
              )}
            </li>
          ))}
        </ul>
        {found && found.length > Shown && <p class="note">{found.length - Shown} more: write a part of the name.</p>}
        {found?.length === 0 && <p class="note">{wanted ? "Nothing is called so." : "No usage in this range."}</p>}
      </div>
    </div>
  );
}

/** Dimensions whose ids are no names. */
const Named: readonly string[] = ["project", "apiKey", "member", "agent"];

/** Learns the names of what a link filters by, where no page has shown them yet. */
function useNames(): void {
  const unnamed = filters.value.filter(({ dimension, values }) => Named.includes(dimension) && values.some((value) => value !== "" && labelOf(dimension, value) === value)).map(({ dimension }) => dimension);
  const isWide = organizationWide.value === "open";
  useEffect(() => {
    for (const dimension of isWide ? new Set(unnamed) : []) {
      const parameters = { organizationId: organizationId.value, from: addDays(today.value, -365), to: today.value, timezone: zone.value, groupBy: dimension, bucket: "month", fields: "cost" };
      void ask<Activity>(question("/analytics/activity", parameters)).then(({ data }) => learn(dimension, data.ranking), () => undefined);
    }
  }, [unnamed.join(), isWide]);
}

/** The filters as chips, each with a way out; what the address says and nobody understands. */
export function FilterChips() {
  const unknown = [...unknownParameters.value, ...misreadValues.value];
  useNames();
  if (filters.value.length === 0 && unknown.length === 0) {
    return null;
  }
  return (
    <section class="filters" aria-label="Filters">
      {filters.value.map((filter) =>
        filter.values.map((value) => (
          <button key={`${filter.dimension} ${filter.isExcluded} ${value}`} type="button" class={filter.isExcluded ? "chip excluded" : "chip"} title="Remove this filter" onClick={() => removeFilter(filter, value)}>
            <span class="quiet">
              {dimensionLabel(filter.dimension)}
              {filter.isExcluded && " not"}
            </span>
            <bdi>{labelOf(filter.dimension, value)}</bdi>
            <Icon name="close" size={12} />
          </button>
        )),
      )}
      {filters.value.length > 0 && (
        <button type="button" class="link" onClick={removeFilters}>
          Clear all
        </button>
      )}
      {unknown.length > 0 && <span class="note">This address says {unknown.map((name) => `'${name}'`).join(", ")}, which means nothing here.</span>}
    </section>
  );
}
