import { computed } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { prefetch, question, useQuery } from "../api/client.ts";
import type { Activity } from "../api/types.ts";
import { rangeText } from "../lib/dates.ts";
import { change, query as parameters } from "../lib/location.ts";
import { asked, bucket, Dimensions, dimensionLabel, filters, groupBy, metric, Metrics, pageAddress, range, thenBy, type Dimension, type Metric } from "../lib/view.ts";
import { Link, Menu, MenuItem, Popover, Segmented } from "../ui/controls.tsx";
import { Explain } from "../ui/explain.tsx";
import { GroupsTable } from "../ui/groups.tsx";
import { Icon } from "../ui/icons.tsx";
import { UsageCards } from "../ui/kpi.tsx";
import { Pivot } from "../ui/pivot.tsx";
import { Empty, Gate, isGate } from "../ui/states.tsx";
import { UsageCharts, type UsageView } from "../ui/usagecharts.tsx";
import { dataThrough, isExact, timing } from "../ui/status.ts";

const Top = 10;
const MainDimensions = ["model", "project", "apiKey"] as const;

/** Whether the panel of what changed is open. */
const isExplained = computed(() => parameters.value.get("show") === "explain");

function activityQuestion(by: Dimension, of: Metric): string {
  return question("/analytics/activity", { ...asked.value, groupBy: by, bucket: bucket.value, top: Top, rankBy: of, compare: "previous" });
}

export function AnalyticsPage() {
  const by = groupBy.value;
  const of = metric.value;
  const query = useQuery<Activity>(activityQuestion(by, of));
  const answer = query.answer?.data;

  useEffect(() => {
    if (query.answer) {
      dataThrough.value = query.answer.data.dataThrough ?? null;
      isExact.value = query.answer.data.exact;
      timing.value = query.answer.timing;
      // What is one press away is asked ahead, so that a tab or a grouping changes at once.
      const idle = setTimeout(() => {
        for (const { id } of Metrics) {
          prefetch(activityQuestion(by, id));
        }
        for (const id of MainDimensions) {
          prefetch(activityQuestion(id, of));
        }
      }, 250);
      return () => clearTimeout(idle);
    }
    return undefined;
  }, [query.answer]);

  if (isGate(query.error)) {
    return <Gate error={query.error} feature="Organization analytics" />;
  }
  return (
    <>
      <h1 class="sr">Organization analytics</h1>
      <UsageCards view={answer && viewOf(answer)} spendLabel="Total spend" isFailed={query.error !== null} />
      <Controls />
      {isExplained.value && <Explain key={`${range.value.from} ${range.value.to}`} {...range.value} onClose={() => change({ show: null, day: null })} />}
      {answer && answer.totals.requestCount === 0 && !query.isStale && !query.isLoading ? (
        <div class="card">
          <Empty dataThrough={answer.dataThrough ?? null}>
            <p>{rangeText(answer.from, answer.to)} has no requests{filters.value.length > 0 ? " that match" : ""}.</p>
          </Empty>
        </div>
      ) : (
        <UsageCharts
          query={query}
          view={viewOf}
          dimension={by}
          scope="across the organization"
          questionOf={(id) => activityQuestion(by, id)}
          unfold={(id) => question("/analytics/activity", { ...asked.value, groupBy: by, bucket: "month", rankBy: id, compare: "previous", fields: "cost" })}
          why={(day) => {
            change({ show: "explain", day });
            scrollTo({ top: 0 });
          }}
          before={(from, to, size) => question("/analytics/activity", { ...asked.value, from, to, groupBy: by, bucket: size, top: 1 })}
        />
      )}
      {thenBy.value && <Pivot first={by} second={thenBy.value} metric={of} />}
      <GroupsTable dimension={by} />
    </>
  );
}

function viewOf(answer: Activity): UsageView {
  return { ...answer, dataThrough: answer.dataThrough ?? null, comparison: answer.comparison ?? null };
}

function Controls() {
  const by = groupBy.value;
  const isMain = (MainDimensions as readonly string[]).includes(by);
  const more = Dimensions.filter((dimension) => !(MainDimensions as readonly string[]).includes(dimension.id));
  const setBy = (id: Dimension) => change({ by: id === "model" ? null : id, hide: null, ...(thenBy.value === id ? { then: null } : {}) });
  return (
    <div class="controls" role="toolbar" aria-label="Breakdown">
      <span class="control-label">Breakdown by</span>
      <Segmented label="Breakdown by" options={Dimensions.filter((dimension) => (MainDimensions as readonly string[]).includes(dimension.id))} value={isMain ? by : null} onChange={setBy} onHint={(id) => prefetch(activityQuestion(id, metric.value))} />
      <Popover label="More breakdowns" className={isMain ? "" : "chosen"} trigger={<>{isMain ? "More" : dimensionLabel(by)} <Icon name="down" size={12} /></>}>
        {(close) => (
          <Menu>
            {more.map(({ id, label }) => (
              <MenuItem
                key={id}
                isChosen={id === by}
                onClick={() => {
                  setBy(id);
                  close();
                }}
              >
                {label}
              </MenuItem>
            ))}
          </Menu>
        )}
      </Popover>
      <Popover label="Then by" className={thenBy.value ? "chosen" : ""} trigger={<>{thenBy.value ? `then ${dimensionLabel(thenBy.value).toLowerCase()}` : "then by"} <Icon name="down" size={12} /></>}>
        {(close) => (
          <Menu>
            <MenuItem
              isChosen={thenBy.value === null}
              onClick={() => {
                change({ then: null });
                close();
              }}
            >
              No second dimension
            </MenuItem>
            {Dimensions.filter(({ id }) => id !== by).map(({ id, label }) => (
              <MenuItem
                key={id}
                isChosen={id === thenBy.value}
                onClick={() => {
                  change({ then: id });
                  close();
                }}
              >
                {label}
              </MenuItem>
            ))}
          </Menu>
        )}
      </Popover>
      <span class="grow" />
      <Link class="link" href={pageAddress("members")}>
        Members by spend <Icon name="right" size={12} />
      </Link>
      <button type="button" class="button" aria-pressed={isExplained.value} onClick={() => change({ show: isExplained.value ? null : "explain", day: null })}>
        <Icon name="bulb" /> What changed?
      </button>
    </div>
  );
}
