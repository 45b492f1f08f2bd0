import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask, question, useQuery } from "../api/client.ts";
import { organization } from "../api/organization.ts";
import type { ApiKeys, Audit, Members, Models, Projects, Tokens } from "../api/types.ts";
import { chooseTheme, isPatterned, setPatterned, themeChoice, type ThemeChoice } from "../charts/palette.ts";
import { datedMomentIn } from "../lib/dates.ts";
import { unitPrice } from "../lib/money.ts";
import { exactCount } from "../lib/numbers.ts";
import { organizationId, pageAddress, reportingZone, setZone, zone } from "../lib/view.ts";
import { ownZone } from "../lib/zones.ts";
import { Link, Segmented, Tag } from "../ui/controls.tsx";
import { Icon } from "../ui/icons.tsx";
import { helpOpen, keysOn, setKeysOn } from "../ui/keys.ts";
import { labelOf, learn } from "../ui/names.ts";
import { isTiny } from "../ui/narrow.ts";
import { Card } from "../ui/ranking.tsx";
import { Await, Gate, isGate } from "../ui/states.tsx";
import { VirtualTable, type Column } from "../ui/table.tsx";

const Features: readonly { name: string; page: string; isEnterprise: boolean }[] = [
  { name: "Project analytics and cost by model", page: "projects", isEnterprise: false },
  { name: "Statistics of every API key", page: "keys", isEnterprise: false },
  { name: "Your own usage", page: "me", isEnterprise: false },
  { name: "Organization analytics over all projects", page: "analytics", isEnterprise: true },
  { name: "Monthly overview by service type", page: "overview", isEnterprise: true },
  { name: "Member analytics", page: "members", isEnterprise: true },
  { name: "Agent analytics", page: "agents", isEnterprise: true },
  { name: "Usage tables and exports", page: "usage", isEnterprise: true },
];

/** The organization's plan, what it includes, and what there is. */
export function PlanPage() {
  const current = organization.value;
  const isEnterprise = current?.plan === "enterprise";
  const projects = useQuery<Projects>(question("/analytics/projects", { organizationId: organizationId.value })).answer?.data.projects;
  const keys = useQuery<ApiKeys>(question("/analytics/api-keys", { organizationId: organizationId.value })).answer?.data.apiKeys;
  const count = (rows: readonly { deleted?: boolean }[] | undefined) => (rows ? exactCount(rows.filter((row) => !row.deleted).length) : "–");
  return (
    <>
      <h1 class="sr">Plan</h1>
      <div class="grid">
        <Card className="span-8" title={`${current ? current.plan.charAt(0).toUpperCase() + current.plan.slice(1) : ""} plan`} note={isEnterprise ? "Everything is included." : "Pages of projects and API keys are included."}>
          <ul class="features">
            {Features.map((feature) => {
              const isIncluded = isEnterprise || !feature.isEnterprise;
              return (
                <li key={feature.page}>
                  <span class={isIncluded ? "yes" : "no"}>
                    <Icon name={isIncluded ? "check" : "lock"} size={14} />
                    <span class="sr">{isIncluded ? "Included:" : "Not included:"}</span>
                  </span>
                  <Link href={pageAddress(feature.page)}>{feature.name}</Link>
                  <span class="grow" />
                  {feature.isEnterprise && <span class="tag accent">Enterprise</span>}
                </li>
              );
            })}
          </ul>
        </Card>
        <Card className="span-4" title="Limits" note="Set by the operator of this server">
          <dl class="facts">
            <div>
              <dt>Range of a question</dt>
              <dd>any</dd>
            </div>
            <div>
              <dt>Projects</dt>
              <dd>{count(projects)}</dd>
            </div>
            <div>
              <dt>API keys</dt>
              <dd>{count(keys)}</dd>
            </div>
            <div>
              <dt>Your role</dt>
              <dd>{current?.role ?? "–"}</dd>
            </div>
            <div>
              <dt>Reporting zone</dt>
              <dd>{current?.timezones[0] ?? "UTC"}</dd>
            </div>
          </dl>
        </Card>
      </div>
    </>
  );
}

// --- preferences ---------------------------------------------------------------------------------------------------------

/** What this browser remembers for its reader; nothing of it is sent anywhere. */
export function PreferencesPage() {
  const own = ownZone();
  return (
    <>
      <h1 class="sr">Preferences</h1>
      <Card title="Preferences" note="Kept in this browser, for you alone">
        <div class="options">
          <Option name="Theme" note="System follows the setting of your device.">
            <Segmented label="Theme" options={[{ id: "system", label: "System" }, { id: "light", label: "Light" }, { id: "dark", label: "Dark" }]} value={themeChoice.value} onChange={(id: ThemeChoice) => chooseTheme(id)} />
          </Option>
          <Option name="Patterns" note="Draws a pattern over each colour of a chart, for whoever finds colours hard to tell apart.">
            <Segmented label="Patterns" options={[{ id: "off", label: "Off" }, { id: "on", label: "On" }]} value={isPatterned.value ? "on" : "off"} onChange={(id) => setPatterned(id === "on")} />
          </Option>
          <Option name="Keyboard shortcuts" note={<>Single keys act on the page. <button type="button" class="link inline" onClick={() => (helpOpen.value = true)}>Show the list</button></>}>
            <Segmented label="Keyboard shortcuts" options={[{ id: "off", label: "Off" }, { id: "on", label: "On" }]} value={keysOn.value ? "on" : "off"} onChange={(id) => setKeysOn(id === "on")} />
          </Option>
          <Option name="Days" note={`Whose days are counted. Now: ${zone.value.replaceAll("_", " ")}.`}>
            <Segmented
              label="Days"
              options={[{ id: reportingZone.value ?? "UTC", label: "Organization's" }, ...(own !== (reportingZone.value ?? "UTC") ? [{ id: own, label: "Mine" }] : []), ...(reportingZone.value && reportingZone.value !== "UTC" && own !== "UTC" ? [{ id: "UTC", label: "UTC" }] : [])]}
              value={zone.value}
              onChange={setZone}
            />
          </Option>
        </div>
      </Card>
    </>
  );
}

function Option({ name, note, children }: { name: string; note: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class="option">
      <div>
        <h3>{name}</h3>
        <p class="quiet">{note}</p>
      </div>
      {children}
    </div>
  );
}

// --- the directory, to read ----------------------------------------------------------------------------------------------

function adminPath(what: string): string {
  return `/admin/organizations/${encodeURIComponent(organizationId.value ?? "")}/${what}`;
}

const Rules = [
  { rule: "input_tokens", label: "Input" },
  { rule: "cached_input_tokens", label: "Cached input" },
  { rule: "cache_write_tokens", label: "Cache write" },
  { rule: "output_tokens", label: "Output" },
  { rule: "reasoning_tokens", label: "Reasoning" },
] as const;

type Model = Models["models"][number];

/** Mappings with their canonical models and prices: what requests without a cost of their own are priced by. */
export function PricesPage() {
  const query = useQuery<Models>(adminPath("models"));
  const columns: Column<Model>[] = [
    { id: "mapping", label: "Mapping", width: "auto", render: (row) => <bdi title={row.mapping}>{row.mapping}</bdi> },
    { id: "model", label: "Canonical model", width: "20%", isSecondary: true, render: (row) => (row.model ? <bdi>{row.model}</bdi> : <span class="quiet">as spelled</span>) },
    { id: "provider", label: "Provider", width: "14%", isSecondary: true, render: (row) => (row.provider ? <bdi>{row.provider}</bdi> : <span class="quiet">as spelled</span>) },
    ...Rules.map(({ rule, label }, index): Column<Model> => ({
      id: rule, label, width: "112px", isNumber: true, isSecondary: index > 0 && rule !== "output_tokens",
      render: (row) => {
        const price = row.prices.find((each) => each.rule === rule);
        return price ? <span title={`${price.usdPerMillion} US dollars per million`}>{unitPrice(price.usdPerMillion)}</span> : <span class="quiet">–</span>;
      },
    })),
  ];
  if (isGate(query.error)) {
    return <Gate error={query.error} feature="The table of models" />;
  }
  return (
    <>
      <h1 class="sr">Models and prices</h1>
      <Card title="Models and prices" note="US dollars for a million tokens. A part without a price takes that of its whole; requests with a cost of their own keep it.">
        <Await query={query} height={420}>
          {(data) => <VirtualTable label="Models and prices" rows={data.models} columns={columns} height={35 + 36 * 40} empty="The organization has no prices of its own: the operator's apply." />}
        </Await>
      </Card>
    </>
  );
}

/** A component of its own, so that the name comes where the row was drawn before it was known. */
function MemberName({ id, title }: { id: string; title?: string }) {
  return <bdi title={title}>{labelOf("member", id)}</bdi>;
}

type Token = Tokens["tokens"][number];
type AuditEntry = Audit["entries"][number];

const AuditPage = 100;

/** Who may read, and who changed or took away what. */
export function AccessPage() {
  const tokens = useQuery<Tokens>(adminPath("tokens"));
  const people = useQuery<Members>(organization.value?.plan === "enterprise" ? question("/analytics/members", { organizationId: organizationId.value }) : null);
  useEffect(() => {
    if (people.answer) {
      learn("member", people.answer.data.members.map((member) => ({ key: member.userId, label: member.name })));
    }
  }, [people.answer]);
  if (isGate(tokens.error)) {
    return <Gate error={tokens.error} feature="Access and audit" />;
  }
  const at = (moment: string | null) => (moment === null ? <span class="quiet">–</span> : <time dateTime={moment} title={moment}>{datedMomentIn(zone.value, moment)}</time>);
  const columns: Column<Token>[] = [
    { id: "user", label: "Acts for", width: "auto", render: (row) => <MemberName id={row.userId} /> },
    { id: "kind", label: "May", width: "100px", render: (row) => (row.kind === "ingest" ? "send usage" : "read") },
    { id: "id", label: "Id", width: "210px", isSecondary: true, render: (row) => <span class="mono">{row.id}</span> },
    { id: "created", label: "Made", width: "160px", isSecondary: true, render: (row) => at(row.created) },
    { id: "expires", label: "Ends", width: "160px", isSecondary: true, render: (row) => (row.expires === null ? <span class="quiet">never</span> : at(row.expires)) },
    { id: "state", label: "State", width: "110px", render: (row) => (row.revoked ? <Tag>revoked</Tag> : row.expires && Date.parse(row.expires) < Date.now() ? <Tag>expired</Tag> : <Tag kind="accent">in force</Tag>) },
  ];
  return (
    <>
      <h1 class="sr">Access and audit</h1>
      <Card title="Access tokens" note="Only their hashes are kept: a token is shown once, when it is made">
        <Await query={tokens} height={200}>
          {(data) => <VirtualTable label="Access tokens" rows={data.tokens} columns={columns} height={360} empty="There are no tokens." />}
        </Await>
        <footer class="card-foot quiet">
          <span>
            Made by <code>analytics token create</code>, or by a POST to <code>{adminPath("tokens")}</code>.
          </span>
        </footer>
      </Card>
      <AuditTable />
    </>
  );
}

function AuditTable() {
  const query = useQuery<Audit>(`${adminPath("audit")}?limit=${AuditPage}`);
  const [more, setMore] = useState<{ of: Audit; entries: AuditEntry[]; next: number | string | null } | null>(null);
  const first = query.answer?.data;
  const later = more && more.of === first ? more : null;
  const next = later ? later.next : (first?.next ?? null);
  const columns: Column<AuditEntry>[] = [
    { id: "at", label: "When", width: "156px", render: (row) => <time dateTime={row.at} title={row.at}>{datedMomentIn(zone.value, row.at)}</time> },
    { id: "who", label: "Who", width: "132px", render: (row) => (row.userId ? <MemberName id={row.userId} title={row.actor} /> : row.actor) },
    { id: "action", label: "What", width: isTiny.value ? "auto" : "180px", render: (row) => row.action },
    { id: "target", label: "To what", width: "auto", isSecondary: true, render: (row) => <bdi title={row.target ?? ""}>{row.target ?? "–"}</bdi> },
    { id: "details", label: "Details", width: "32%", isSecondary: true, render: (row) => <bdi class="quiet" title={row.detail ?? ""}>{row.detail ?? ""}</bdi> },
  ];
  return (
    <Card title="Audit log" note="What was changed in the directory and what was taken away as a file, the newest first">
      <Await query={query} height={420}>
        {(data) => (
          <VirtualTable
            label="Audit log"
            rows={later ? [...data.entries, ...later.entries] : data.entries}
            columns={columns}
            height={520}
            empty="Nothing was changed yet."
            onEnd={() => {
              if (next !== null && first) {
                void ask<Audit>(`${adminPath("audit")}?limit=${AuditPage}&before=${next}`).then(({ data: page }) => setMore({ of: first, entries: [...(later?.entries ?? []), ...page.entries], next: page.next ?? null }), () => undefined);
              }
            }}
          />
        )}
      </Await>
    </Card>
  );
}
