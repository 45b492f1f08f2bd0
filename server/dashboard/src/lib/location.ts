import { computed, signal } from "@preact/signals";

// The address is the state of the page: a link shows the same view. Everything reads it from here and changes it here.

const address = signal(location.pathname + location.search);

addEventListener("popstate", () => (address.value = location.pathname + location.search));

export const path = computed(() => address.value.split("?")[0]!);
export const query = computed(() => new URLSearchParams(address.value.split("?")[1] ?? ""));

/** Goes to a path of this page; `replace` where a step back should not stop here (sorting, hiding). */
export function go(to: string, replace = false): void {
  if (to === address.peek()) {
    return;
  }
  history[replace ? "replaceState" : "pushState"](null, "", to);
  const samePath = to.split("?")[0] === path.peek();
  address.value = to;
  if (!samePath) {
    scrollTo(0, 0);
  }
}

/** A query as it stands in the address: readable, defaults left out. */
export function queryText(parameters: URLSearchParams): string {
  const text = parameters.toString().replaceAll("%2F", "/").replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text ? `?${text}` : "";
}

/** Changes parameters of the address; null or empty removes one. */
export function change(changes: Record<string, string | readonly string[] | null>, replace = false): void {
  go(addressWith(changes), replace);
}

/** The address after changes, for links. */
export function addressWith(changes: Record<string, string | readonly string[] | null>, to = path.value, from = query.value): string {
  const next = new URLSearchParams(from);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const each of value === null ? [] : typeof value === "string" ? [value] : value) {
      next.append(name, each);
    }
  }
  return to + queryText(next);
}

/** A click that the browser should handle itself: new tab, new window, download. */
export function isPlainClick(event: MouseEvent): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey && !event.defaultPrevented;
}
