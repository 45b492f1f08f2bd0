import { signal } from "@preact/signals";

const narrow = matchMedia("(max-width: 959px)");

/** Whether the window is narrow: secondary columns are left out, cards are swiped. */
export const isNarrow = signal(narrow.matches);
narrow.addEventListener("change", () => (isNarrow.value = narrow.matches));

const tiny = matchMedia("(max-width: 639px)");

/** Whether the window is a phone's: columns draw together. */
export const isTiny = signal(tiny.matches);
tiny.addEventListener("change", () => (isTiny.value = tiny.matches));
