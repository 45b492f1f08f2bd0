import { computed, signal } from "@preact/signals";
import { path } from "../lib/location.ts";
import type { Organizations } from "./types.ts";

/** An organization of the caller, as the switcher needs it; the first of its zones is its reporting zone. */
export type Organization = Organizations["organizations"][number];

export const organizations = signal<Organization[] | null>(null);
/** The organization that the address names. */
export const organizationId = computed(() => (path.value.startsWith("/o/") ? decodeURIComponent(path.value.split("/")[2] ?? "") || null : null));
export const organization = computed(() => organizations.value?.find((each) => each.organizationId === organizationId.value) ?? null);

/** Whether pages about the whole organization answer for the caller: what the sidebar marks before the click. */
export const organizationWide = computed<"open" | "plan" | "role">(() => {
  const current = organization.value;
  if (!current) {
    return "open";
  }
  return current.plan !== "enterprise" ? "plan" : current.role === "owner" || current.role === "admin" ? "open" : "role";
});

/** Whether the caller is an owner or admin. */
export const isManager = computed(() => organization.value === null || organization.value.role === "owner" || organization.value.role === "admin");
