import type { ComponentChildren } from "preact";
import { Spark } from "./ranking.tsx";

/** One number that matters, with what it was before. */
export function Kpi({ label, children, change, note, spark, title }: { label: string; children: ComponentChildren; change?: ComponentChildren; note?: ComponentChildren; spark?: readonly number[]; title?: string }) {
  return (
    <section class="card kpi" aria-label={label} title={title}>
      <h2>{label}</h2>
      <div class="kpi-line">
        <div class="kpi-value">{children}</div>
        {spark && <Spark values={spark} width={96} height={32} />}
      </div>
      <div class="kpi-note">
        {change}
        {note && <span>{note}</span>}
      </div>
    </section>
  );
}
