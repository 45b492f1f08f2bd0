import { question, useQuery } from "../api/client.ts";
import { organization } from "../api/organization.ts";
import type { ApiKeys, Projects } from "../api/types.ts";
import { exactCount } from "../lib/numbers.ts";
import { organizationId, pageAddress } from "../lib/view.ts";
import { Link } from "../ui/controls.tsx";
import { Icon } from "../ui/icons.tsx";
import { Card } from "../ui/ranking.tsx";

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
