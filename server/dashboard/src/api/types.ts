// Contracts, from the server's OpenAPI document. The document allows money as number or text; this page always asks for text.
import type { components } from "./schema.ts";

type Schemas = components["schemas"];

// The document lets every number be text as well: money is, the others are not.
type Money = "cost" | "baselineCost" | "change" | "volume" | "mix" | "price";
type Property<Name, T> = number extends T ? (Name extends Money ? Exclude<T, number> : Exclude<T, string>) : Answer<T>;
type Answer<T> = T extends readonly (infer Item)[] ? Answer<Item>[] : T extends object ? { [Name in keyof T]: Property<Name, T[Name]> } : T;

export type MetricsRow = Answer<Schemas["Metrics"]>;
export type Activity = Answer<Schemas["ActivityResponse"]>;
export type ActivityBucket = Answer<Schemas["ActivityBucket"]>;
export type RankedGroup = Answer<Schemas["RankedGroup"]>;
export type BreakdownEntry = Answer<Schemas["BreakdownEntry"]>;
export type Members = Answer<Schemas["MembersResponse"]>;
export type MemberUsage = Answer<Schemas["MemberUsage"]>;
export type MemberDetail = Answer<Schemas["MemberResponse"]>;
export type Organizations = Answer<Schemas["OrganizationsResponse"]>;
export type Projects = Answer<Schemas["ProjectsResponse"]>;
export type ProjectUsage = Answer<Schemas["ProjectUsage"]>;
export type ProjectDetail = Answer<Schemas["ProjectResponse"]>;
export type ApiKeys = Answer<Schemas["ApiKeysResponse"]>;
export type ApiKeyUsage = Answer<Schemas["ApiKeyUsage"]>;
export type ApiKeyDetail = Answer<Schemas["ApiKeyResponse"]>;
export type Agents = Answer<Schemas["AgentsResponse"]>;
export type AgentUsage = Answer<Schemas["AgentUsage"]>;
export type AgentDetail = Answer<Schemas["AgentResponse"]>;
export type Summary = Answer<Schemas["SummaryResponse"]>;
export type Explained = Answer<Schemas["ExplainResponse"]>;
export type Contribution = Answer<Schemas["ExplainContribution"]>;
export type UsageRows = Answer<Schemas["UsageRowsResponse"]>;
export type UsageRow = Answer<Schemas["UsageRowEntry"]>;
export type ItemRow = Answer<Schemas["ItemRowEntry"]>;
export type Audit = Schemas["AuditResponse"];
export type Tokens = Schemas["TokenRows"];
export type Models = Schemas["ModelRows"];
export type SelfCheckProof = Answer<Schemas["SelfCheckResponse"]>;
export type Services = Answer<Schemas["ServicesResponse"]>;
export type ServiceUsage = Answer<Schemas["ServiceUsage"]>;
