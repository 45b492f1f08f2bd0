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
  /** Without state: elements of rows that left are those of the rows that came. */
  render: (row: Row) => ComponentChildren;
  isSortable?: boolean;
  /** Left out on narrow windows. */
  isSecondary?: boolean;
}

const RowHeight = 36;
const HeadHeight = 35;
const FootHeight = 37;
/** Rows drawn before they come into sight. */
const Overscan = 6;
const Step = 4;
/** When a scroll counts as over, in ms. */
const Rest = 120;

/** Wide tables scroll sideways instead of squeezing their columns. */
function leastWidth(columns: readonly { width: string }[]): string {
  const sum = columns.reduce((all, column) => all + (column.width.endsWith("px") ? Number.parseInt(column.width, 10) : column.width === "auto" ? 110 : 0), 0);
  return `${sum}px`;
}

/** A table of any length: only the rows in sight are in the page. */
export function VirtualTable<Row>({ label, rows, columns: all, height: most, isLoading, sort, onSort, onEnd, footer: allFooter, empty }: {
  label: string;
  rows: readonly Row[];
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
  // Jumps draw what is in sight and no more: the next jump would leave the rest unseen.
  const [isJumping, setJumping] = useState(false);
  const resting = useRef(0);
  const look = () => {
    const { scrollTop, scrollLeft, clientHeight, clientWidth, scrollHeight, scrollWidth } = box.current!;
    const next = Math.floor(scrollTop / (Step * RowHeight)) * Step;
    if (Math.abs(next - top) * RowHeight > clientHeight) {
      setJumping(true);
      clearTimeout(resting.current);
      resting.current = setTimeout(() => setJumping(false), Rest) as unknown as number;
    }
    setTop(next);
    setEdges(`${scrollTop + clientHeight < scrollHeight - 2 ? " more-below" : ""}${scrollLeft + clientWidth < scrollWidth - 2 ? " more-right" : ""}`);
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(look);
    observer.observe(box.current!);
    observer.observe(box.current!.firstElementChild!);
    return () => {
      observer.disconnect();
      clearTimeout(resting.current);
    };
  }, []);
  const full = rows.length * RowHeight;
  // No row is cut in half.
  const frame = HeadHeight + (footer && rows.length > 0 ? FootHeight : 0);
  const height = Math.max(1, Math.floor((most - frame) / RowHeight)) * RowHeight + frame;
  const beyond = isJumping ? 0 : Overscan;
  const first = Math.max(0, Math.min(top, rows.length) - beyond);
  const last = Math.min(rows.length, top + Step + Math.ceil(height / RowHeight) + beyond);
  // Rows that stay in sight stay as they are. Those that come take the elements of those that went, in their order, so that
  // a jump changes texts and makes no elements. An element with the focus is not passed on to another row.
  const drawn = useRef<{ of: readonly unknown[]; rows: Map<Row, { slot: number; node: VNode }>; slots: number }>({ of: [], rows: new Map(), slots: 0 });
  const before = drawn.current.rows;
  const isSame = drawn.current.of[0] === columns && drawn.current.of[1] === rows;
  const inSight = rows.slice(first, last);
  const stays = new Set(isSame ? inSight : []);
  const focused = box.current?.contains(document.activeElement) ? Number(document.activeElement!.closest("tr")?.dataset["slot"] ?? -1) : -1;
  const free = [...before].filter(([row, { slot }]) => !stays.has(row) && (slot !== focused || !isSame)).map(([, { slot }]) => slot);
  const shown = new Map<Row, { slot: number; node: VNode }>();
  inSight.forEach((row, index) => {
    const known = isSame ? before.get(row) : undefined;
    if (known) {
      shown.set(row, known);
      return;
    }
    const slot = free.shift() ?? drawn.current.slots++;
    const node = (
      <tr key={slot} data-slot={slot} aria-rowindex={first + index + 2}>
        {columns.map((column) => (
          <td key={column.id} class={column.isNumber ? "number" : undefined}>
            {column.render(row)}
          </td>
        ))}
      </tr>
    );
    shown.set(row, { slot, node });
  });
  drawn.current = { of: [columns, rows], rows: shown, slots: drawn.current.slots };
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
            {[...shown.values()].map(({ node }) => node)}
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
