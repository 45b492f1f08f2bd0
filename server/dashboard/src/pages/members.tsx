import { useEffect } from "preact/hooks";
import { question, useQuery } from "../api/client.ts";
import type { Activity, MemberDetail, Members, MemberUsage } from "../api/types.ts";
import { organizationWide } from "../api/organization.ts";
import { change } from "../lib/location.ts";
import { asked, bucket, groupBy, metric, pageAddress, type Metric } from "../lib/view.ts";
import { Link, Segmented, Tag } from "../ui/controls.tsx";
import { Kpi, UsageCards } from "../ui/kpi.tsx";
import { byName } from "../ui/groups.tsx";
import { GroupsList, UsageTable } from "../ui/list.tsx";
import { learn } from "../ui/names.ts";
import { ErrorNote, Gate, isGate } from "../ui/states.tsx";
import { isExact, dataThrough } from "../ui/status.ts";
import { UsageCharts, type UsageView } from "../ui/usagecharts.tsx";

/** Everyone's usage, by who created the API key. */
export function MembersPage() {
  const url = question("/analytics/members", asked.value);
  const query = useQuery<Members>(url);
  useRange(query.answer?.data);
  if (isGate(query.error)) {
    return <Gate error={query.error} feature="Member analytics" />;
  }
  if (query.answer) {
    learn("member", query.answer.data.members.map((member) => ({ key: member.userId, label: member.name })));
  }
  return (
    <>
      <h1 class="sr">Members</h1>
      <UsageTable<Members, MemberUsage>
        query={query}
        url={url}
        title="Members by spend"
        note="Usage belongs to whoever created the API key"
        noun="members"
        rowsOf={(data) => data.members}
        totalsOf={(data) => data.totals}
        isCounted={(row) => row.userId !== ""}
        words={(row) => `${row.name} ${row.email ?? ""} ${row.role ?? ""}`}
        orders={{ name: (a, b) => byName(a.name, b.name), keys: (a, b) => a.apiKeyCount - b.apiKeyCount }}
        height={720}
        columns={[
          {
            id: "name", label: "Member", width: "auto", isSortable: true,
            render: (row) => (
              <span class="cell-name">
                <span class={`face${row.userId ? "" : " nobody"}`} aria-hidden="true">
                  {row.userId ? initials(row.name) : "–"}
                </span>
                {row.userId && row.role !== null ? (
                  <Link href={pageAddress("members", row.userId)} title={row.email ?? row.name}>
                    <bdi>{row.name}</bdi>
                  </Link>
                ) : (
                  <bdi>{row.name}</bdi>
                )}
                {row.email && <span class="quiet ellipsis secondary-inline">{row.email}</span>}
                {row.role && row.role !== "member" && row.role !== "developer" && <Tag kind="accent">{row.role}</Tag>}
              </span>
            ),
          },
          { id: "keys", label: "Keys", width: "88px", isNumber: true, isSortable: true, isSecondary: true, render: (row) => <span title={`${row.activeApiKeyCount} used in this range`}>{row.activeApiKeyCount} / {row.apiKeyCount}</span> },
        ]}
      />
    </>
  );
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "").join("").toUpperCase();
}

/** Tells the header what the last answer was about. */
export function useRange(answer: { exact: boolean; dataThrough?: string | null } | undefined): void {
  useEffect(() => {
    if (answer) {
      isExact.value = answer.exact;
      dataThrough.value = answer.dataThrough ?? null;
    }
  }, [answer]);
}

function viewOf(answer: MemberDetail): UsageView {
  return { bucket: "day", timezone: answer.timezone, from: answer.from, to: answer.to, dataThrough: answer.dataThrough ?? null, totals: answer.summary, comparison: null, activity: answer.activity, ranking: answer.costByModel };
}

/** A member's usage by API key: the largest, and the others as one. */
function keysQuestion(userId: string, of: Metric): string {
  return question("/analytics/activity", { ...asked.value, memberId: [userId], groupBy: "apiKey", bucket: bucket.value, top: 10, rankBy: of });
}

/** One member's usage; without an id, the caller's own. */
export function MemberPage({ userId }: { userId: string | null }) {
  const url = userId === null ? question("/analytics/me", asked.value) : question(`/analytics/members/${encodeURIComponent(userId)}`, asked.value);
  const query = useQuery<MemberDetail>(url);
  const answer = query.answer?.data;
  // Keys one by one are a question about the organization, which not everyone may ask.
  const canAskKeys = userId !== null && organizationWide.value === "open";
  const isByKey = canAskKeys && groupBy.value === "apiKey";
  const keys = useQuery<Activity>(isByKey ? keysQuestion(userId, metric.value) : null);
  useRange(answer);
  if (isGate(query.error)) {
    return <Gate error={query.error} feature="Member analytics" />;
  }
  if (query.error && !answer) {
    return <ErrorNote error={query.error} retry={query.retry} />;
  }
  if (answer) {
    learn("member", [{ key: answer.member.userId, label: answer.member.name }]);
  }
  const scope = userId === null ? "of your keys" : "of this member's keys";
  const lines = canAskKeys && (
    <Segmented
      small
      label="Lines"
      options={[
        { id: "model", label: "Models" },
        { id: "apiKey", label: "API keys" },
      ]}
      value={isByKey ? "apiKey" : "model"}
      onChange={(id) => change({ by: id === "model" ? null : id, hide: null })}
    />
  );
  return (
    <>
      <header class="thing">
        <span class="face large" aria-hidden="true">
          {answer ? initials(answer.member.name) : ""}
        </span>
        <div>
          <h1>
            <bdi>{answer?.member.name ?? "\u00a0"}</bdi>
          </h1>
          <p class="quiet">{answer ? [answer.member.email, answer.member.role, `${answer.member.activeApiKeyCount} of ${answer.member.apiKeyCount} API keys used`].filter(Boolean).join(" · ") : "\u00a0"}</p>
        </div>
      </header>
      <UsageCards view={answer && viewOf(answer)} spendLabel="Cost" hasErrors />
      <div class="cards most-used">
        {(["model", "provider", "app"] as const).map((kind) => (
          <Kpi key={kind} label={`Most used ${kind}`}>
            <span class="most-used-name" title={answer?.mostUsed[kind] ?? ""}>
              <bdi>{answer ? (answer.mostUsed[kind] ?? "–") : "\u00a0"}</bdi>
            </span>
          </Kpi>
        ))}
      </div>
      {isByKey ? (
        <UsageCharts key="keys" query={keys} view={(data) => ({ ...data, dataThrough: data.dataThrough ?? null, comparison: null })} dimension="apiKey" scope={scope} questionOf={(of) => keysQuestion(userId, of)} tools={lines} />
      ) : (
        <UsageCharts key={metric.value === "cost" ? "cost" : "other"} query={query} view={viewOf} dimension="model" scope={scope} questionOf={() => url} tools={lines} />
      )}
      <div class="grid">
        <GroupsList question={url} title="Top providers" rows={answer?.topProviders ?? []} empty="No usage in this range." />
        <GroupsList question={url} title="Top apps" rows={answer?.topApps ?? []} empty="No usage in this range." />
      </div>
    </>
  );
}
