import type { ComponentChildren } from "preact";
import { dayCount, rangeText } from "../lib/dates.ts";
import { moneyText, parseMoney, shortMoney } from "../lib/money.ts";
import { errorRate, exactCount } from "../lib/numbers.ts";
import type { Metric } from "../lib/view.ts";
import { CardMoney, Change, Count, metricChange, metricText, plotted } from "./figures.tsx";
import { isNarrow } from "./narrow.ts";
import { Spark } from "./ranking.tsx";
import type { UsageView } from "./usagecharts.tsx";

/** One number that matters, with what it was before. */
export function Kpi({ label, children, change, note, spark, title }: { label: string; children: ComponentChildren; change?: ComponentChildren; note?: ComponentChildren; spark?: readonly number[] | undefined; title?: string }) {
  return (
    <section class="card kpi" aria-label={label} title={title}>
      <h2>{label}</h2>
      <div class="kpi-line">
        <div class="kpi-value">{children}</div>
        {spark && <Spark values={spark} width={96} height={32} />}
      </div>
      <div class="kpi-note">
        {change}
        {note && <span>{note}</span>}
      </div>
    </section>
  );
}

/** Spend, requests and tokens of a range; with the error rate where the page is about one thing. */
export function UsageCards({ view, spendLabel, hasErrors, isFailed, children }: { view: UsageView | undefined; spendLabel: string; hasErrors?: boolean; isFailed?: boolean; children?: ComponentChildren }) {
  const totals = view?.totals;
  const none = isFailed ? "–" : <span class="bone" />;
  // A range before the first data is no comparison.
  const previous = totals?.previous && totals.previous.requestCount > 0 ? totals.previous : undefined;
  const before = view?.comparison ? (previous ? `vs ${rangeText(view.comparison.from, view.comparison.to)}` : "nothing before to compare with") : "";
  const days = view ? dayCount(view.from, view.to) : 1;
  const average = totals && days > 1 ? `${shortMoney(moneyText(parseMoney(totals.cost) / BigInt(days)))} a day` : "";
  // Buckets that are not over would end the line in a fall that is none.
  const full = view?.activity.filter((row) => view.dataThrough !== null && Date.parse(row.end) <= Date.parse(view.dataThrough)) ?? [];
  const spark = (of: Metric) => (full.length > 1 ? full.map((row) => plotted(row, of)) : undefined);
  const changeOf = (of: Metric) => totals && <Change change={metricChange(totals, previous, of)} title={previous ? `${metricText(previous, of, true)} before` : ""} />;
  const rateChange = totals && previous && previous.errorRate > 0 ? (totals.errorRate / previous.errorRate - 1) * 100 : undefined;
  return (
    <div class="cards" role="group" aria-label="Key figures" tabIndex={isNarrow.value ? 0 : undefined}>
      <Kpi label={spendLabel} spark={spark("cost")} change={changeOf("cost")} note={totals ? before || average : ""}>
        {totals ? <CardMoney text={totals.cost} /> : none}
      </Kpi>
      <Kpi
        label="Requests"
        spark={spark("requests")}
        change={changeOf("requests")}
        note={totals && totals.unpricedRequestCount > 0 ? <span title="Their cost is unknown and not in the spend.">{exactCount(totals.unpricedRequestCount)} without a price</span> : totals ? `${exactCount(totals.cacheHitCount)} answered from cache` : ""}
      >
        {totals ? <Count value={totals.requestCount} full={!hasErrors || totals.requestCount < 1e8} /> : none}
      </Kpi>
      <Kpi
        label="Tokens"
        spark={spark("tokens")}
        change={changeOf("tokens")}
        note={totals ? `${metricText({ totalTokens: totals.inputTokens }, "tokens")} in · ${metricText({ totalTokens: totals.outputTokens }, "tokens")} out` : ""}
        {...(totals ? { title: tokenSentence(totals) } : {})}
      >
        {totals ? <Count value={totals.totalTokens} full={!hasErrors} /> : none}
      </Kpi>
      {hasErrors && (
        <Kpi
          label="Error rate"
          spark={full.length > 1 ? full.map((row) => row.errorRate) : undefined}
          change={rateChange !== undefined && <Change change={rateChange} isBad={rateChange >= 1} />}
          note={totals ? <span title={`${exactCount(totals.clientErrorCount)} errors of callers are not in the rate`}>{exactCount(totals.errorCount)} errors</span> : ""}
        >
          {totals ? errorRate(totals.errorRate) : none}
        </Kpi>
      )}
      {children}
    </div>
  );
}

export function tokenSentence(row: { inputTokens: number; cachedInputTokens: number; cacheWriteTokens: number; outputTokens: number; reasoningTokens: number }): string {
  return `Input ${exactCount(row.inputTokens)}, of which ${exactCount(row.cachedInputTokens)} read from and ${exactCount(row.cacheWriteTokens)} written to the cache. Output ${exactCount(row.outputTokens)}, of which ${exactCount(row.reasoningTokens)} reasoning.`;
}
