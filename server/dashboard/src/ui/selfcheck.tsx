import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { question, useQuery } from "../api/client.ts";
import { organizationWide } from "../api/organization.ts";
import type { SelfCheckProof } from "../api/types.ts";
import { rangeText } from "../lib/dates.ts";
import { exactMoney } from "../lib/money.ts";
import { exactCount } from "../lib/numbers.ts";
import { Dimensions, organizationId, range, route, zone } from "../lib/view.ts";
import { Icon } from "./icons.tsx";

function duration(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** `by apiKey` as people read it. */
function wayName(name: string): string {
  const dimension = Dimensions.find(({ id }) => name === `by ${id}`);
  return dimension ? `by ${dimension.label.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())}` : name;
}

/** Whether all ways to the range's total agree; opens the proof. */
export function SelfCheck() {
  const isOpen = useSignal(false);
  const isWanted = useSignal(false);
  const dialog = useRef<HTMLDialogElement>(null);
  const { from, to } = range.value;
  const applies = organizationWide.value === "open" && route.value.page !== "plan";
  useEffect(() => {
    // After the page itself: the check reads everything.
    const timer = setTimeout(() => (isWanted.value = true), 1_500);
    return () => clearTimeout(timer);
  }, []);
  const query = useQuery<SelfCheckProof>(applies && isWanted.value ? question("/analytics/selfcheck", { organizationId: organizationId.value, from, to, timezone: zone.value }) : null);
  useEffect(() => {
    if (isOpen.value) {
      dialog.current?.showModal();
    }
  }, [isOpen.value]);
  const proof = query.answer?.data;
  if (!applies || !proof || query.isStale) {
    return <span class="selfcheck quiet">{applies && query.error ? "Totals not checked" : ""}</span>;
  }
  return (
    <>
      <button type="button" class={`selfcheck link${proof.agrees ? "" : " bad"}`} onClick={() => (isOpen.value = true)}>
        <Icon name={proof.agrees ? "shield" : "warning"} size={14} />
        {proof.agrees ? `Reconciled: ${proof.checks.length} checks agree` : "The totals do not agree"} · {exactCount(proof.rows)} rows · {duration(proof.elapsedMs)}
      </button>
      <dialog class="proof" ref={dialog} aria-label="Self-check" onClose={() => (isOpen.value = false)} onClick={(event) => event.target === dialog.current && dialog.current?.close()}>
        <form method="dialog">
          <h2>Self-check</h2>
          <p class="quiet">
            {rangeText(from, to)}, {zone.value}. The same range was added up in each of these ways; every total must be the same to the last digit.
          </p>
          <div class="table-box" tabIndex={0} role="region" aria-label="Checks">
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">Way</th>
                  <th scope="col" class="number w-200">
                    Cost
                  </th>
                  <th scope="col" class="number w-126">
                    Requests
                  </th>
                  <th scope="col" class="w-90">
                    Agrees
                  </th>
                </tr>
              </thead>
              <tbody>
                {proof.checks.map((check) => (
                  <tr key={check.name}>
                    <th scope="row" title={check.name}>{wayName(check.name)}</th>
                    <td class="number">{check.cost === null ? "–" : exactMoney(check.cost)}</td>
                    <td class="number">{check.requestCount === null ? "–" : exactCount(check.requestCount)}</td>
                    <td title={check.problem ?? ""}>{check.agrees ? "yes" : "no"}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <p class="quiet">
            {exactCount(proof.filesVerified)} files verified, {exactCount(proof.rows)} rows, {duration(proof.elapsedMs)}.
          </p>
          <button type="submit" class="button primary">
            Close
          </button>
        </form>
      </dialog>
    </>
  );
}
