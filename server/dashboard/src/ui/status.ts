import { signal } from "@preact/signals";

/** End of the last interval with data, as the last answer said. */
export const dataThrough = signal<string | null>(null);
/** False where a bucket edge of the last answer cuts through an interval of the data. */
export const isExact = signal<boolean | undefined>(undefined);
/** Server-Timing of the last answer. */
export const timing = signal("");

/** A short message at the foot of the page. */
export const notice = signal<string | null>(null);
let timer = 0;

export function say(message: string): void {
  notice.value = message;
  clearTimeout(timer);
  timer = setTimeout(() => (notice.value = null), 4_000) as unknown as number;
}

export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied.`);
  } catch {
    say(`The browser does not allow copying here: ${text}`);
  }
}
