import type { ComponentChildren } from "preact";

export interface TooltipRow {
  label: string;
  color: string;
  value: string;
  share?: string | undefined;
  isHovered?: boolean;
}

const MostRows = 12;

/** One bucket in figures: the total first, then the parts, largest first. */
export function TooltipTable({ title, note, total, rows, children }: { title: string; note?: string | undefined; total: string; rows: readonly TooltipRow[]; children?: ComponentChildren }) {
  const shown = rows.slice(0, MostRows);
  return (
    <div class="tooltip">
      <div class="tooltip-title">
        {title}
        {note && <span class="quiet"> · {note}</span>}
      </div>
      <table>
        <tbody>
          <tr class="total">
            <th scope="row" colSpan={2}>
              Total
            </th>
            <td>{total}</td>
            <td />
          </tr>
          {shown.map((row, index) => (
            <tr key={index} class={row.isHovered ? "hovered" : undefined}>
              <td class="swatch-cell">
                <i class="swatch" style={{ background: row.color }} />
              </td>
              <th scope="row">{shorten(row.label)}</th>
              <td>{row.value}</td>
              <td class="share">{row.share}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MostRows && <div class="quiet">and {rows.length - MostRows} more</div>}
      {children}
    </div>
  );
}

/** Long names keep their beginning and end. */
export function shorten(name: string, most = 32): string {
  const letters = [...name];
  return letters.length <= most ? name : `${letters.slice(0, most - 12).join("")}…${letters.slice(-11).join("")}`;
}
