import type { ComponentChildren, VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Icon } from "./icons.tsx";
import { isNarrow, isTiny } from "./narrow.ts";

export interface Column<Row> {
  id: string;
  label: string;
  isNumber?: boolean;
  /** A CSS length. */
  width: string;
  render: (row: Row) => ComponentChildren;
  isSortable?: boolean;
  /** Left out on narrow windows. */
  isSecondary?: boolean;
}

const RowHeight = 36;
const HeadHeight = 35;
const FootHeight = 37;
const Overscan = 6;
const Step = 4;

/** Wide tables scroll sideways instead of squeezing their columns. */
function leastWidth(columns: readonly { width: string }[]): string {
  const sum = columns.reduce((all, column) => all + (column.width.endsWith("px") ? Number.parseInt(column.width, 10) : column.width === "auto" ? 110 : 0), 0);
  return `${sum}px`;
}

/** A table of any length: only the rows in sight are in the page. */
export function VirtualTable<Row>({ label, rows, rowKey, columns: all, height: most, isLoading, sort, onSort, onEnd, footer: allFooter, empty }: {
  label: string;
  rows: readonly Row[];
  rowKey: (row: Row, index: number) => string;
  columns: readonly Column<Row>[];
  /** At most this many pixels; less where there are fewer rows. */
  height: number;
  /** Whether rows may come: the place for them is kept. */
  isLoading?: boolean;
  /** `cost` ascending, `-cost` descending. */
  sort?: string;
  onSort?: (sort: string) => void;
  onEnd?: () => void;
  footer?: readonly ComponentChildren[];
  empty?: ComponentChildren;
}) {
  const isShown = (_: unknown, index: number) => !(isNarrow.value && all[index]!.isSecondary);
  const isDrawnTogether = isTiny.value;
  const columns = useMemo(() => all.filter(isShown).map((column) => (isDrawnTogether && column.isNumber && column.width.endsWith("px") ? { ...column, width: `${Math.round(Number.parseInt(column.width, 10) * 0.78)}px` } : column)), [all, isNarrow.value, isDrawnTogether]);
  // A footer may be shorter than the row of columns.
  const footer = allFooter && all.map((_, index) => allFooter[index]).filter(isShown);
  const box = useRef<HTMLDivElement>(null);
  // In steps, so that most of a scroll draws nothing anew.
  const [top, setTop] = useState(0);
  // Whether there is more below and to the right: its edge is shaded.
  const [edges, setEdges] = useState("");
  const look = () => {
    const { scrollTop, scrollLeft, clientHeight, clientWidth, scrollHeight, scrollWidth } = box.current!;
    setTop(Math.floor(scrollTop / (Step * RowHeight)) * Step);
    setEdges(`${scrollTop + clientHeight < scrollHeight - 2 ? " more-below" : ""}${scrollLeft + clientWidth < scrollWidth - 2 ? " more-right" : ""}`);
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(look);
    observer.observe(box.current!);
    observer.observe(box.current!.firstElementChild!);
    return () => observer.disconnect();
  }, []);
  const full = rows.length * RowHeight;
  // No row is cut in half.
  const frame = HeadHeight + (footer && rows.length > 0 ? FootHeight : 0);
  const height = Math.max(1, Math.floor((most - frame) / RowHeight)) * RowHeight + frame;
  const first = Math.max(0, top - Overscan);
  const last = Math.min(rows.length, top + Step + Math.ceil(height / RowHeight) + Overscan);
  // Rows that stay in sight stay as they are.
  const drawn = useRef(new Map<Row, VNode>());
  const drawnFor = useRef<readonly unknown[]>([]);
  if (drawnFor.current[0] !== columns || drawnFor.current[1] !== rows) {
    drawn.current = new Map();
    drawnFor.current = [columns, rows];
  }
  const shown = new Map<Row, VNode>();
  rows.slice(first, last).forEach((row, index) =>
    shown.set(
      row,
      drawn.current.get(row) ?? (
        <tr key={rowKey(row, first + index)} aria-rowindex={first + index + 2}>
          {columns.map((column) => (
            <td key={column.id} class={column.isNumber ? "number" : undefined}>
              {column.render(row)}
            </td>
          ))}
        </tr>
      ),
    ),
  );
  drawn.current = shown;
  useEffect(() => {
    if (last >= rows.length) {
      onEnd?.();
    }
  }, [last, rows.length]);
  const [sortName, isDescending] = sort?.startsWith("-") ? [sort.slice(1), true] : [sort, false];
  return (
    <div class={`table-frame${edges}${footer && rows.length > 0 ? " with-foot" : ""}`}>
      <div class="table-box" ref={box} style={{ maxHeight: `${height}px`, height: isLoading && rows.length === 0 ? `${height}px` : "auto" }} tabIndex={0} role="region" aria-label={`${label}, table`} onScroll={look}>
        <table class="table" style={{ minWidth: leastWidth(columns) }} aria-rowcount={rows.length + 1} aria-label={label}>
          <colgroup>
            {columns.map((column) => (
              <col key={column.id} style={{ width: column.width }} />
            ))}
          </colgroup>
          <thead>
            <tr>
              {columns.map((column) => (
                <th
                  key={column.id}
                  scope="col"
                  class={column.isNumber ? "number" : undefined}
                  aria-sort={sortName === column.id ? (isDescending ? "descending" : "ascending") : undefined}
                >
                  {onSort && column.isSortable ? (
                    <button type="button" onClick={() => onSort(sortName === column.id ? (isDescending ? column.id : `-${column.id}`) : column.isNumber ? `-${column.id}` : column.id)}>
                      {column.label}
                      {sortName === column.id && <Icon name={isDescending ? "fall" : "up"} size={12} />}
                    </button>
                  ) : (
                    <span title={column.label}>{column.label}</span>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {first > 0 && (
              <tr class="pad" style={{ height: `${first * RowHeight}px` }} aria-hidden="true">
                <td colSpan={columns.length} />
              </tr>
            )}
            {[...shown.values()]}
            {last < rows.length && (
              <tr class="pad" style={{ height: `${full - last * RowHeight}px` }} aria-hidden="true">
                <td colSpan={columns.length} />
              </tr>
            )}
          </tbody>
          {footer && rows.length > 0 && (
            <tfoot>
              <tr>
                {columns.map((column, index) => (
                  <td key={column.id} class={column.isNumber ? "number" : undefined}>
                    {footer[index]}
                  </td>
                ))}
              </tr>
            </tfoot>
          )}
        </table>
        {rows.length === 0 && <div class="table-empty">{empty ?? "Nothing here."}</div>}
      </div>
    </div>
  );
}
