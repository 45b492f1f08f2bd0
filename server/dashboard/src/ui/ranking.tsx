import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import type { RankedGroup } from "../api/types.ts";
import { outlineOf, swatchOf } from "../charts/palette.ts";
import { exactMoney } from "../lib/money.ts";
import { exactCount, sharesOf } from "../lib/numbers.ts";
import { pageAddress, type Dimension, type Metric } from "../lib/view.ts";
import { Link, Tag } from "./controls.tsx";
import { Change, Figure, metricChange, metricText, plotted } from "./figures.tsx";

/** The page of a thing, where it has one. */
export function pageOf(dimension: Dimension, key: string | null): string | null {
  if (!key) {
    return null;
  }
  const page = { project: "projects", apiKey: "keys", member: "members", agent: "agents" }[dimension as string];
  return page ? pageAddress(page, key) : null;
}

/** Groups by size, as bars: also the legend of the chart beside it. */
export function Ranking({ groups, dimension, metric, colors, hidden, sparks, onFilter, onHide, onOnly, onHover, totals, isOthersOpen, onOthers, hasChange }: {
  groups: readonly RankedGroup[];
  dimension: Dimension;
  metric: Metric;
  colors: ReadonlyMap<string | null, string>;
  hidden: ReadonlySet<string>;
  sparks?: ReadonlyMap<string | null, readonly number[]>;
  /** With Alt it is left out. */
  onFilter: (key: string, isExcluded: boolean) => void;
  onHide: (key: string) => void;
  onOnly: (key: string) => void;
  onHover?: (key: string | null | undefined) => void;
  totals: { cost: string; requestCount: number; totalTokens: number };
  isOthersOpen?: boolean;
  onOthers?: () => void;
  hasChange?: boolean;
}) {
  const total = plotted(totals, metric);
  const shares = useMemo(() => sharesOf(groups.map((group) => plotted(group, metric)), total), [groups, metric, total]);
  const largest = Math.max(...groups.map((group) => plotted(group, metric)), 0);
  return (
    <div class="ranking">
      <ol>
        {groups.map((group, index) => {
          const key = group.key ?? null;
          const id = key ?? "others";
          const value = plotted(group, metric);
          const isHidden = hidden.has(id);
          const page = pageOf(dimension, key);
          const label = group.label ?? "";
          return (
            <li key={id} class={isHidden ? "off" : undefined} onPointerEnter={() => onHover?.(key)} onPointerLeave={() => onHover?.(undefined)}>
              <div class="rank-line">
                <button
                  type="button"
                  class="swatch-button"
                  aria-pressed={!isHidden}
                  aria-label={`Show ${label} in the chart`}
                  title="Press to hide or show, twice for only this"
                  onClick={() => onHide(id)}
                  onDblClick={() => onOnly(id)}
                >
                  <i class="swatch" style={{ background: colors.has(key) ? swatchOf(colors.get(key)!, index) : "transparent", borderColor: colors.has(key) ? outlineOf(colors.get(key)!) : "var(--text-3)" }} />
                </button>
                {page ? (
                  <Link href={page} class="name" title={label}>
                    <bdi>{label}</bdi>
                  </Link>
                ) : (
                  <span class="name" title={label}>
                    <bdi>{label}</bdi>
                  </span>
                )}
                {group.deleted && <Tag>deleted</Tag>}
                <span class="grow" />
                <Figure row={group} metric={metric} />
              </div>
              <button
                type="button"
                class="rank-bar"
                disabled={key === null && !onOthers}
                aria-label={key === null ? (isOthersOpen ? "Fold the others" : "Show the others") : `Filter by ${label}`}
                aria-expanded={key === null && onOthers ? (isOthersOpen ?? false) : undefined}
                title={key === null ? undefined : "Filter; with Alt, leave it out"}
                onClick={(event) => (key === null ? onOthers?.() : onFilter(key, event.altKey))}
              >
                <span class="bar-track">
                  <span class="bar" style={{ width: largest > 0 ? `${Math.max((value / largest) * 100, 0.5)}%` : "2px", background: colors.has(key) ? swatchOf(colors.get(key)!, index) : "var(--others)" }} />
                </span>
                {sparks && <Spark values={sparks.get(key) ?? []} height={13} />}
                <span class="share">{shares[index]}</span>
                {hasChange && (
                  <span class="rank-change">{key !== null && <Change change={metricChange(group, group.previous, metric)} title={group.previous ? `${metricText(group.previous, metric, true)} before` : ""} />}</span>
                )}
              </button>
            </li>
          );
        })}
      </ol>
      <Totals totals={totals} />
    </div>
  );
}

/** Running totals of everything, not only of what is listed. */
export function Totals({ totals }: { totals: { cost: string; requestCount: number; totalTokens: number } }) {
  return (
    <dl class="totals">
      <div>
        <dt>Total Cost</dt>
        <dd>
          <data class="figure" value={totals.cost} title={`${exactMoney(totals.cost)} exact`}>
            {metricText(totals, "cost")}
          </data>
        </dd>
      </div>
      <div>
        <dt>Total Requests</dt>
        <dd class="figure">{exactCount(totals.requestCount)}</dd>
      </div>
      <div>
        <dt>Total Tokens</dt>
        <dd class="figure">{exactCount(totals.totalTokens)}</dd>
      </div>
    </dl>
  );
}

/** Averages of neighbours, where there are more values than can be told apart. */
function thinned(values: readonly number[], most: number): readonly number[] {
  if (values.length <= most) {
    return values;
  }
  // Days go by whole weeks, so that the weekly rhythm does not beat with the steps.
  const step = values.length > 100 ? Math.ceil(values.length / most / 7) * 7 : Math.ceil(values.length / most);
  return Array.from({ length: Math.floor(values.length / step) }, (_, index) => values.slice(index * step, (index + 1) * step).reduce((sum, value) => sum + value, 0) / step);
}

/** The course of one row, without axes. */
export function Spark({ values, width = 64, height = 18 }: { values: readonly number[]; width?: number; height?: number }) {
  const largest = Math.max(...thinned(values, width / 2), 0);
  if (values.length < 2 || largest === 0) {
    return <svg class="spark" width={width} height={height} aria-hidden="true" />;
  }
  const points = thinned(values, width / 2).map((value, index, all) => `${((index / (all.length - 1)) * width).toFixed(1)} ${(height - 1 - (value / largest) * (height - 2)).toFixed(1)}`);
  return (
    <svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path d={`M${points.join("L")}`} fill="none" stroke="currentColor" stroke-width="1.25" stroke-linejoin="round" />
    </svg>
  );
}

export function Card({ title, tools, children, className, note, id }: { title: ComponentChildren; note?: ComponentChildren; tools?: ComponentChildren; children: ComponentChildren; className?: string; id?: string }) {
  return (
    <section class={`card ${className ?? ""}`} aria-label={typeof title === "string" ? title : undefined} id={id}>
      <header class="card-head">
        <h2>{title}</h2>
        {note && <p>{note}</p>}
        {tools && <div class="card-tools">{tools}</div>}
      </header>
      {children}
    </section>
  );
}
