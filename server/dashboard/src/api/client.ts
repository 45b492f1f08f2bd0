// The one module that talks to the server.
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";

export type Parameters = Record<string, string | number | boolean | readonly string[] | null | undefined>;

/** An error as the server says it (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: Record<string, string[]>;
  requiredPlan?: string;
  requiredRoles?: string[];
  traceId?: string;
}

export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
  /** Whether the problem's type ends so, such as `plan-required`. */
  is(kind: string): boolean {
    return this.problem.type.endsWith(`/${kind}`);
  }
}

/** False once the server has said that it does not know us. */
export const isSignedIn = signal(true);
/** Whether the last attempt reached the server. */
export const isOnline = signal(true);
/** When the server last answered anything, in ms since the page began. */
export const reachedAt = signal(0);
/** Questions under way. */
export const pending = signal(0);
/** Counts the reader's requests for the latest. */
export const refreshes = signal(0);

// --- the session ---------------------------------------------------------------------------------------------------------

/** Exchanges a token for the server's session, a cookie that no script can read. The token itself is kept nowhere. */
export async function signIn(token: string): Promise<void> {
  const response = await send("/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) });
  if (!response.ok) {
    throw await problemOf(response);
  }
  // An answer that nobody reads to its end keeps its connection.
  await response.text();
  forget();
  isSignedIn.value = true;
}

export async function signOut(): Promise<void> {
  await (await send("/session", { method: "DELETE" })).text();
  forget();
  isSignedIn.value = false;
}

/** What one caller was told is not for the next. */
function forget(): void {
  cache.clear();
  texts.clear();
}

// --- questions -----------------------------------------------------------------------------------------------------------

/** An answer with what the server said about its own work. */
export interface Answer<T> {
  data: T;
  /** The address it came from: what it answers. */
  url: string;
  /** Server-Timing, as the server wrote it. */
  timing: string;
  /** When it came, in ms since the page began. */
  at: number;
}

/** Answers in order of use: at most this many stay for steps back. */
const CacheSize = 60;
const cache = new Map<string, Answer<unknown>>();
const texts = new Map<string, string>();

/** The address of a question. Money is asked for as text, so that no digit passes through a double. */
export function address(path: string, parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || value === undefined) {
      continue;
    }
    for (const each of typeof value === "object" ? value : [String(value)]) {
      query.append(name, each);
    }
  }
  return `${path}?${query}`;
}

/** The address of a question whose answer is read here. */
export function question(path: string, parameters: Parameters): string {
  return address(path, { ...parameters, money: "string" });
}

async function send(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    const response = await fetch(url, { ...init, credentials: "same-origin" });
    isOnline.value = true;
    reachedAt.value = performance.now();
    return response;
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) {
      isOnline.value = false;
    }
    throw error;
  }
}

async function problemOf(response: Response): Promise<ProblemError> {
  const body: unknown = await response.json().catch(() => null);
  const problem = body && typeof body === "object" && "title" in body ? (body as Problem) : null;
  return new ProblemError(problem ?? { type: "/problems/unreadable", title: `The server answered ${response.status}`, status: response.status, detail: response.statusText || "There is no description of what went wrong." });
}

/** Asks, and remembers the answer. A question asked ahead never ends the session: what follows from it waits for the reader's own. */
export async function ask<T>(url: string, signal?: AbortSignal, isAhead = false): Promise<Answer<T>> {
  pending.value++;
  try {
    const response = await send(url, signal ? { signal } : {});
    if (!response.ok) {
      if (response.status === 401 && !isAhead) {
        isSignedIn.value = false;
      }
      throw await problemOf(response);
    }
    const text = await response.text();
    const known = cache.get(url);
    // The same words mean the same view: nothing is drawn anew.
    const data = known && texts.get(url) === text ? (known.data as T) : (JSON.parse(text) as T);
    const answer: Answer<T> = { data, url, timing: response.headers.get("Server-Timing") ?? "", at: performance.now() };
    cache.delete(url);
    cache.set(url, answer);
    texts.set(url, text);
    if (cache.size > CacheSize) {
      const oldest = cache.keys().next().value!;
      cache.delete(oldest);
      texts.delete(oldest);
    }
    return answer;
  } finally {
    pending.value--;
  }
}

/** What a component knows of its question. */
export interface Query<T> {
  /** The answer, or the one before it while the next is under way. */
  answer: Answer<T> | null;
  /** Whether `answer` is for another question than the one asked now. */
  isStale: boolean;
  isLoading: boolean;
  error: ProblemError | Error | null;
  retry: () => void;
}

/** Asks whenever the address changes; keeps showing the earlier answer meanwhile. Null asks nothing. */
export function useQuery<T>(url: string | null): Query<T> {
  const [, redraw] = useState(0);
  const state = useRef<{ answer: Answer<T> | null; error: ProblemError | Error | null; isLoading: boolean }>({ answer: null, error: null, isLoading: url !== null });
  const [attempt, setAttempt] = useState(0);
  const refresh = refreshes.value;
  const known = url ? (cache.get(url) as Answer<T> | undefined) : undefined;
  if (known && state.current.answer?.url !== url) {
    state.current = { answer: known, error: null, isLoading: true };
  }
  useEffect(() => {
    if (url === null) {
      state.current.isLoading = false;
      return;
    }
    const abort = new AbortController();
    state.current.isLoading = true;
    ask<T>(url, abort.signal).then(
      (answer) => {
        const before = state.current;
        state.current = { answer, error: null, isLoading: false };
        if (before.answer?.data !== answer.data || before.answer.url !== answer.url || before.error || before.isLoading) {
          redraw((count) => count + 1);
        }
      },
      (error: unknown) => {
        if (!abort.signal.aborted) {
          state.current = { ...state.current, error: error instanceof Error ? error : new Error(String(error)), isLoading: false };
          redraw((count) => count + 1);
        }
      },
    );
    return () => abort.abort();
  }, [url, attempt, refresh, isSignedIn.value]);
  const { answer, error, isLoading } = state.current;
  return { answer, error: url === null ? null : error, isLoading: isLoading && url !== null, isStale: answer !== null && answer.url !== url, retry: () => setAttempt(attempt + 1) };
}

/** Whether the server has its usage in memory. */
export interface Readiness {
  phase: string;
  loadedRows: number;
  totalRows: number;
}

/** What the server says of its own start; null where it cannot be reached. */
export async function readiness(): Promise<Readiness | null> {
  try {
    return (await (await fetch("/readyz", { cache: "no-store" })).json()) as Readiness;
  } catch {
    return null;
  }
}

const prefetched = new Set<string>();

/** Asks ahead for what is likely next; nothing is said where it fails. */
export function prefetch(url: string): void {
  if (!cache.has(url) && !prefetched.has(url)) {
    prefetched.add(url);
    void ask(url, undefined, true).catch(() => undefined).finally(() => prefetched.delete(url));
  }
}

/** Saves an answer as a file, under the same view as on screen. */
export async function download(url: string, name: string): Promise<void> {
  const response = await send(url);
  if (!response.ok) {
    throw await problemOf(response);
  }
  saveBlob(await response.blob(), name);
}

/** An answer as pieces of text, for forms that this page makes itself. Who stops reading ends the answer. */
export async function* readPieces(url: string): AsyncGenerator<string> {
  const response = await send(url);
  if (!response.ok) {
    throw await problemOf(response);
  }
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      yield decoder.decode(next.value, { stream: true });
    }
    yield decoder.decode();
  } finally {
    await reader.cancel();
  }
}

export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The question as a command for a terminal; the token stays a variable, so that it is in no history. */
export function asCurl(url: string): string {
  return `curl -H "Authorization: Bearer $ANALYTICS_TOKEN" '${location.origin}${url.replaceAll("'", "%27")}'`;
}
