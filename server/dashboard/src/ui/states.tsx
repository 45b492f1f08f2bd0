import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ProblemError, question, useQuery, type Query } from "../api/client.ts";
import type { Summary } from "../api/types.ts";
import { addDays, dayIn, longDay } from "../lib/dates.ts";
import { exactCount } from "../lib/numbers.ts";
import { dimensionLabel, filterParameters, filters, organizationId, range, removeFilter, setRange, zone, type Filter } from "../lib/view.ts";
import { Icon } from "./icons.tsx";

/** What came instead of an answer, in its place: what was wrong, with a way to try again. */
export function ErrorNote({ error, retry, action }: { error: Error; retry: () => void; action?: string }) {
  const problem = error instanceof ProblemError ? error.problem : null;
  return (
    <div class="state error" role="alert">
      <Icon name="warning" size={20} />
      <h3>{problem?.title ?? "The server cannot be reached"}</h3>
      <p>{problem?.detail ?? "Check the connection, then try again."}</p>
      {problem?.traceId && <p class="mono">trace {problem.traceId}</p>}
      <button type="button" class="button" onClick={retry}>
        {action ?? "Try again"}
      </button>
    </div>
  );
}

/** Said over an answer that could not be renewed: what is below is from before. */
function StaleNote({ error, retry }: { error: Error; retry: () => void }) {
  const problem = error instanceof ProblemError ? error.problem : null;
  return (
    <div class="stale-note" role="alert" title={problem?.detail}>
      <Icon name="warning" size={14} />
      <span>{problem?.title ?? "The server cannot be reached"}: this is from before.</span>
      <button type="button" class="link" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

/** An upgrade card for what the plan lacks, a plain word for what the role may not see. */
export function Gate({ error, feature }: { error: ProblemError; feature: string }) {
  const isPlan = error.is("plan-required");
  return (
    <section class="gate" aria-labelledby="gate-title">
      <div class="gate-picture" aria-hidden="true">
        <svg viewBox="0 0 320 120" preserveAspectRatio="none">
          <path class="g1" d="M0 120V92L40 80 80 86 120 62 160 70 200 48 240 56 280 34 320 40V120Z" />
          <path class="g2" d="M0 120V104L40 98 80 102 120 84 160 90 200 74 240 80 280 64 320 68V120Z" />
          <path class="g3" d="M0 120V114L40 110 80 112 120 102 160 106 200 98 240 100 280 90 320 94V120Z" />
        </svg>
      </div>
      <div class="gate-text">
        <span class="tag accent">
          <Icon name={isPlan ? "spark" : "lock"} size={12} /> {isPlan ? "Enterprise" : "Owners and admins"}
        </span>
        <h1 id="gate-title">{isPlan ? `${feature} is part of the Enterprise plan` : `${feature} is for owners and admins`}</h1>
        {isPlan ? (
          <>
            <p>See what every project, model, key and member spends, over any range and in your own time zone, with totals that agree to the last digit.</p>
            <p class="quiet">Pages of projects and API keys are part of every plan. The operator of this server can change the organization's plan.</p>
          </>
        ) : (
          <p>Ask an owner of the organization for the role of admin. Your own usage, projects and API keys are open to you.</p>
        )}
      </div>
    </section>
  );
}

export function isGate(error: Error | null): error is ProblemError {
  return error instanceof ProblemError && (error.is("plan-required") || error.is("role-required"));
}

/** Nothing to show, and what to do about it: which of three kinds of nothing it is. */
export function Empty({ dataThrough, children }: { dataThrough: string | null; children?: ComponentChildren }) {
  if (dataThrough === null) {
    return (
      <div class="state">
        <h3>No usage yet</h3>
        <p>Import a file of events, or of totals by the hour.</p>
        <pre>
          {`analytics import events --data data --organization ${organizationId.value ?? "ID"} usage.ndjson\n`}
          {`analytics import rollup-csv --data data --organization ${organizationId.value ?? "ID"} hourly.csv --map 'bucketStart=hour,mapping=model,requestCount=requests'`}
        </pre>
      </div>
    );
  }
  const last = dayIn(zone.value, new Date(Date.parse(dataThrough) - 1));
  return (
    <div class="state">
      <h3>{filters.value.length > 0 ? "Nothing matches these filters" : "No usage in this range"}</h3>
      {children}
      <div class="row">
        {filters.value.map((filter) => (
          <WithoutFilter key={`${filter.dimension} ${filter.isExcluded}`} filter={filter} />
        ))}
        {filters.value.length === 0 && (
          <button type="button" class="button" onClick={() => setRange({ from: addDays(last, -6), to: last })}>
            Go to the last data, {longDay(last)}
          </button>
        )}
      </div>
    </div>
  );
}

/** A way out of a filter, with what there would be. */
function WithoutFilter({ filter }: { filter: Filter }) {
  const others = filters.value.filter((other) => other !== filter);
  const { from, to } = range.value;
  const query = useQuery<Summary>(question("/analytics/summary", { organizationId: organizationId.value, from, to, timezone: zone.value, ...filterParameters(others) }));
  const count = query.answer?.data.totals.requestCount;
  return (
    <button type="button" class="button" onClick={() => removeFilter(filter)}>
      Remove the filter by {dimensionLabel(filter.dimension).replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())}
      {count !== undefined && <span class="hint">{exactCount(count)} requests</span>}
    </button>
  );
}

/** True once something has taken longer than it takes to notice. */
export function useSlow(isWaiting: boolean, ms: number): boolean {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    if (isWaiting) {
      const timer = setTimeout(() => setSlow(true), ms);
      return () => clearTimeout(timer);
    }
    return undefined;
  }, [isWaiting, ms]);
  return isWaiting && isSlow;
}

/** The place of an answer, at its final size from the start: bones, then the answer, which stays while the next is under way. */
export function Await<T>({ query, height, children, className }: { query: Query<T>; height?: number; children: (data: T, url: string) => ComponentChildren; className?: string }) {
  const showsBones = useSlow(query.answer === null && query.isLoading, 120);
  const isDim = useSlow(query.isStale, 800);
  if (query.answer && !(query.error && query.isStale)) {
    return (
      <div class={`await ${className ?? ""}${isDim ? " dim" : ""}`} aria-busy={query.isStale}>
        {query.error && <StaleNote error={query.error} retry={query.retry} />}
        {children(query.answer.data, query.answer.url)}
      </div>
    );
  }
  return (
    <div class={`await ${className ?? ""}`} style={height ? { minHeight: `${height}px` } : {}} aria-busy={query.isLoading}>
      {query.error ? <ErrorNote error={query.error} retry={query.retry} /> : showsBones && <div key="bones" class="bones" style={{ height: `${height ?? 120}px` }} />}
    </div>
  );
}
