import { signal } from "@preact/signals";

// Names of ids that answers have shown: for chips, breadcrumbs and the palette.
const names = signal<ReadonlyMap<string, string>>(new Map());
const Kinds: Record<string, string> = { projects: "project", keys: "apiKey", members: "member", agents: "agent" };

export function learn(kind: string, entries: Iterable<{ key?: string | null; label?: string | null }>): void {
  let next: Map<string, string> | undefined;
  for (const { key, label } of entries) {
    const id = `${kind}\n${key}`;
    if (key && label && names.peek().get(id) !== label) {
      next ??= new Map(names.peek());
      next.set(id, label);
    }
  }
  if (next) {
    names.value = next;
  }
}

/** What people read for an id; the id itself while no name is known. */
export function labelOf(kind: string, id: string): string {
  return names.value.get(`${Kinds[kind] ?? kind}\n${id}`) ?? (id === "" ? "(none)" : id);
}

/** All known names of a kind. */
export function known(kind: string): { id: string; label: string }[] {
  const prefix = `${kind}\n`;
  return [...names.value].filter(([name]) => name.startsWith(prefix)).map(([name, label]) => ({ id: name.slice(prefix.length), label }));
}
