import { signal } from "@preact/signals";
import type { ComponentChildren, Ref } from "preact";
import { useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Bucket, Metric, Shape } from "../lib/view.ts";
import type { EChartsType } from "./echarts.ts";
import { fillOf, hatch, ink, isFaint, isPatterned, theme } from "./palette.ts";
import { withLegend } from "./pictures.ts";
import { bucketTicks, valueScale } from "./scale.ts";

export interface Series {
  /** null is Others. */
  key: string | null;
  label: string;
  color: string;
  values: readonly number[];
}

export interface PlotBucket {
  date: string;
  start: string;
  end: string;
  skipped?: boolean;
}

export interface PlotHandle {
  /** The chart as it is, on the colour of its card, at twice its size. */
  image: () => HTMLCanvasElement | null;
}

/** The bucket under the pointer, by its start: one crosshair through all plots of a page. */
const crosshair = signal<string | null>(null);

/** Of lines, where patterns are on. */
const Dashes: readonly ("solid" | number[])[] = ["solid", [8, 4], [2, 3], [10, 3, 2, 3], [5, 5]];

const Left = 56;
const Right = 12;
const Top = 10;
const Bottom = 26;

/** Series over time, stacked or as lines. ECharts paints; pointer, keyboard, crosshair and tooltip are here. */
export function Plot({ buckets, bucket, series, shape, metric, zone, height, summary, previous, dataThrough, highlight, onPick, onSelect, onBack, tooltip, handle }: {
  buckets: readonly PlotBucket[];
  bucket: Bucket;
  series: readonly Series[];
  shape: Shape;
  metric: Metric | "quantity";
  zone: string;
  height: number;
  summary: string;
  /** Totals of an earlier range, drawn as one dashed line. */
  previous?: readonly (number | null)[] | undefined;
  dataThrough: string | null;
  highlight?: string | null | undefined;
  /** A press on a layer; with Alt it means to leave it out. */
  onPick?: (key: string | null, isExcluded: boolean) => void;
  onSelect?: (first: number, last: number) => void;
  /** A double press, where there is something to go back to. */
  onBack?: (() => void) | undefined;
  tooltip: (index: number, key: string | null | undefined) => ComponentChildren;
  handle?: Ref<PlotHandle>;
}) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const [width, setWidth] = useState(0);
  const [isReady, setReady] = useState(false);
  const [pointer, setPointer] = useState<{ index: number; x: number; y: number; key: string | null | undefined; isPinned: boolean } | null>(null);
  const press = useRef(0);
  const drawnOrder = useRef("");
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const colors = theme.value;
  const patterned = isPatterned.value;

  useLayoutEffect(() => {
    const element = host.current!;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    let isGone = false;
    void import("./echarts.ts").then(({ init }) => {
      if (!isGone) {
        chart.current = init(element, null, { renderer: "canvas", devicePixelRatio: Math.max(devicePixelRatio, 1) });
        setReady(true);
      }
    });
    return () => {
      isGone = true;
      observer.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);

  const count = buckets.length;
  const plotWidth = Math.max(1, width - Left - Right);
  const band = plotWidth / Math.max(1, count);

  // The first bucket that is not over: areas end before it, and what there is of it is hatched.
  const fullCount = useMemo(() => {
    const end = dataThrough === null ? -Infinity : Date.parse(dataThrough);
    let full = 0;
    while (full < count && Date.parse(buckets[full]!.end) <= end) {
      full++;
    }
    return full;
  }, [buckets, count, dataThrough]);
  const drawn: Shape = count === 1 || (shape !== "bars" && fullCount < 2) ? "bars" : shape;

  const scale = useMemo(() => {
    let max = 0;
    for (let index = 0; index < count; index++) {
      const values = series.map((each) => each.values[index] ?? 0);
      max = Math.max(max, drawn === "lines" ? Math.max(0, ...values) : values.reduce((sum, value) => sum + value, 0), previous?.[index] ?? 0);
    }
    return valueScale(max, metric);
  }, [series, previous, count, drawn, metric]);

  // Before the frame that shows the new words: painted after it, the chart would follow them by one or two.
  useLayoutEffect(() => {
    if (!isReady || width === 0) {
      return;
    }
    const { card, text3, grid, text2, weekend, void: nothing } = ink();
    const ticks = bucketTicks(buckets, bucket, zone, plotWidth);
    const dotted = dots(nothing);
    const bands = buckets.map(({ date, start }, index) =>
      index >= fullCount && dataThrough !== null && Date.parse(start) >= Date.parse(dataThrough) ? dotted : bucket === "day" && [5, 6].includes((Math.floor(Date.parse(`${date}T00:00:00Z`) / 86_400_000) + 3) % 7) ? weekend : "transparent",
    );
    const partial = fullCount < count && dataThrough !== null && Date.parse(buckets[fullCount]!.start) < Date.parse(dataThrough) ? fullCount : -1;
    const order = `${drawn} ${partial} ${previous !== undefined} ${series.map((each) => seriesId(each.key)).join("\n")}`;
    chart.current!.resize({ width, height });
    chart.current!.setOption(
      {
        animation: false,
        textStyle: { fontFamily: "Inter Variable, system-ui, sans-serif" },
        grid: { left: Left, right: Right, top: Top, bottom: Bottom },
        xAxis: {
          type: "category",
          boundaryGap: true,
          data: buckets.map((each) => each.start),
          axisLine: { lineStyle: { color: grid } },
          axisTick: { show: true, alignWithLabel: true, length: 4, lineStyle: { color: grid }, interval: (index: number) => ticks.has(index) },
          axisLabel: { color: text3, fontSize: 11, fontWeight: 500, margin: 9, hideOverlap: true, interval: (index: number) => ticks.has(index), formatter: (_: string, index: number) => ticks.get(index) ?? "" },
          splitArea: { show: true, interval: 0, areaStyle: { color: bands } },
          splitLine: { show: false },
        },
        yAxis: {
          type: "value",
          min: 0,
          max: scale.max,
          interval: scale.step,
          axisLabel: { color: text3, fontSize: 11, fontWeight: 500, margin: 10, formatter: scale.label },
          splitLine: { lineStyle: { color: grid } },
        },
        series: [
          ...series.map((each, place) => {
            const id = seriesId(each.key);
            const fill = fillOf(each.color, place);
            return drawn === "bars"
              ? {
                  id, name: id, type: "bar", stack: "all", barCategoryGap: count > 60 ? "12%" : "28%", barMaxWidth: 44, silent: true,
                  itemStyle: { color: fill, borderColor: isFaint(each.color) ? text3 : card, borderWidth: band > 6 ? 0.5 : 0 },
                  emphasis: { focus: "series" }, blur: { itemStyle: { opacity: 0.3 } },
                  data: each.values.map((value, index) => (index === partial ? { value, itemStyle: { color: hatch(each.color), borderColor: card } } : value)),
                }
              : {
                  id, name: id, type: "line", silent: true, showSymbol: false, symbol: "circle", symbolSize: 5,
                  ...(drawn === "area" ? { stack: "all", areaStyle: { color: fill, opacity: 0.92 }, lineStyle: { width: band < 5 ? 0.4 : 1, color: card } } : { lineStyle: { width: 1.75, color: each.color, ...(patterned ? { type: Dashes[place % Dashes.length]! } : {}) } }),
                  itemStyle: { color: each.color },
                  emphasis: { focus: "series", ...(drawn === "area" ? { areaStyle: { opacity: 1 }, lineStyle: { width: 1 } } : { lineStyle: { width: 2.5 } }) },
                  blur: drawn === "area" ? { areaStyle: { opacity: 0.3 }, lineStyle: { opacity: 0.5 } } : { lineStyle: { opacity: 0.25 } },
                  data: each.values.map((value, index) => (index < fullCount ? value : "-")),
                };
          }),
          ...(drawn === "lines" && partial > 0
            ? series.map((each) => ({
                id: `${seriesId(each.key)} unfinished`, name: seriesId(each.key), type: "line", silent: true, showSymbol: false,
                lineStyle: { width: 1.5, type: [3, 3], color: each.color }, itemStyle: { color: each.color }, blur: { lineStyle: { opacity: 0.25 } },
                data: each.values.map((value, index) => (index === partial || index === partial - 1 ? value : "-")),
              }))
            : []),
          ...(drawn === "area" && partial >= 0
            ? series.map((each) => ({
                id: `${seriesId(each.key)} unfinished`, name: seriesId(each.key), type: "bar", stack: "unfinished", silent: true, barMaxWidth: 44, barCategoryGap: "20%",
                itemStyle: { color: hatch(each.color), borderColor: card, borderWidth: 1 },
                data: each.values.map((value, index) => (index === partial ? value : "-")),
              }))
            : []),
          ...(previous ? [{ id: "previous", type: "line", silent: true, showSymbol: false, z: 5, lineStyle: { width: 1.5, type: [4, 3], color: text2 }, itemStyle: { color: text2 }, data: previous.map((value) => value ?? "-") }] : []),
        ],
      },
      // Merged, ECharts leaves series that it knows in their old places: layers would lie in another order than they are read.
      order === drawnOrder.current ? { replaceMerge: ["series"] } : { notMerge: true },
    );
    drawnOrder.current = order;
  }, [isReady, width, height, buckets, series, drawn, scale, previous, colors, fullCount, patterned]);

  useEffect(() => {
    if (!isReady) {
      return;
    }
    const wanted = pointer?.key !== undefined ? pointer.key : highlight;
    chart.current?.dispatchAction({ type: "downplay" });
    if (wanted !== undefined && series.length > 1 && series.some((each) => each.key === wanted)) {
      chart.current?.dispatchAction({ type: "highlight", seriesName: seriesId(wanted) });
    }
  }, [isReady, highlight, pointer?.key, series]);

  useImperativeHandle(
    handle ?? null,
    () => ({
      image: () => {
        const drawing = chart.current?.renderToCanvas({ pixelRatio: 2, backgroundColor: ink().card }) as HTMLCanvasElement | undefined;
        return drawing ? withLegend(drawing, series) : null;
      },
    }),
    [series],
  );

  const indexAt = (x: number) => Math.min(count - 1, Math.max(0, Math.floor((x - Left) / band)));
  const keyAt = (index: number, y: number): string | null | undefined => {
    const value = (1 - (y - Top) / (height - Top - Bottom)) * scale.max;
    if (drawn === "lines") {
      const near = series.map((each) => ({ key: each.key, distance: Math.abs((each.values[index] ?? 0) - value) })).sort((a, b) => a.distance - b.distance)[0];
      return near && near.distance < scale.max / 25 ? near.key : undefined;
    }
    let sum = 0;
    for (const each of series) {
      sum += each.values[index] ?? 0;
      if (value <= sum) {
        return value < 0 ? undefined : each.key;
      }
    }
    return undefined;
  };
  const place = (event: PointerEvent | MouseEvent) => {
    const box = host.current!.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const index = indexAt(x);
    return { index, x: event.clientX, y: event.clientY, key: keyAt(index, y), isPinned: false };
  };
  const leave = () => {
    setPointer(null);
    crosshair.value = null;
  };
  const show = (index: number) => {
    const box = host.current!.getBoundingClientRect();
    setPointer({ index, x: box.left + Left + (index + 0.5) * band, y: box.top + Top + 24, key: undefined, isPinned: true });
    crosshair.value = buckets[index]!.start;
  };
  const keys = (event: KeyboardEvent) => {
    const current = pointer?.index ?? (event.key === "ArrowLeft" ? count : -1);
    const next = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: count - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      show(Math.min(count - 1, Math.max(0, next)));
    } else if (event.key === "Escape" && pointer) {
      event.stopPropagation();
      leave();
    } else if (event.key === "Enter" && pointer && onSelect) {
      onSelect(pointer.index, pointer.index);
    }
  };

  const isEmpty = series.every((each) => each.values.every((value) => value === 0));
  const tags = useMemo(() => (bucket === "day" ? buckets.flatMap(unusualDay) : []), [buckets, bucket]);
  const marked = crosshair.value === null ? -1 : buckets.findIndex((each) => each.start === crosshair.value);
  const selection = drag && Math.abs(drag.to - drag.from) >= 1 ? { first: Math.min(drag.from, drag.to), last: Math.max(drag.from, drag.to) } : null;
  return (
    <div class="plot" style={{ height: `${height}px` }}>
      <div class="plot-canvas" ref={host} aria-hidden="true" />
      {tags.map(({ index, text, title }) => (
        <span key={index} class="plot-tag" title={title} style={{ left: `${Left + (index + 0.5) * band}px` }}>
          {text}
        </span>
      ))}
      {isEmpty && <div class="plot-empty">{dataThrough !== null && count > 0 && Date.parse(buckets[0]!.start) >= Date.parse(dataThrough) ? "No data received yet" : "No usage"}</div>}
      {marked >= 0 && <div class="crosshair" style={{ left: `${Left + (marked + 0.5) * band}px`, top: `${Top}px`, bottom: `${Bottom}px` }} />}
      {selection && <div class="selection" style={{ left: `${Left + selection.first * band}px`, width: `${(selection.last - selection.first + 1) * band}px`, top: `${Top}px`, bottom: `${Bottom}px` }} />}
      <div
        class={`plot-surface${onPick ? " pickable" : ""}`}
        role="img"
        aria-label={summary}
        tabIndex={0}
        onKeyDown={keys}
        onBlur={leave}
        onPointerMove={(event) => {
          const next = place(event);
          setPointer(next);
          crosshair.value = buckets[next.index]?.start ?? null;
          if (drag) {
            setDrag({ ...drag, to: next.index });
          }
        }}
        onPointerDown={(event) => {
          if (event.button === 0 && event.pointerType === "mouse") {
            const index = place(event).index;
            setDrag({ from: index, to: index });
            event.currentTarget.setPointerCapture(event.pointerId);
          }
        }}
        onPointerUp={(event) => {
          const end = place(event);
          setDrag(null);
          if (selection && onSelect) {
            onSelect(selection.first, selection.last);
          } else if (event.pointerType === "mouse" && end.key !== undefined) {
            const pick = () => onPick?.(end.key!, event.altKey);
            // The first press of two is no press by itself.
            clearTimeout(press.current);
            if (onBack) {
              press.current = setTimeout(pick, 260) as unknown as number;
            } else {
              pick();
            }
          }
        }}
        onDblClick={() => {
          clearTimeout(press.current);
          onBack?.();
        }}
        onPointerLeave={() => {
          if (!drag) {
            leave();
          }
        }}
      />
      <div class="sr" aria-live="polite">
        {pointer?.isPinned && tooltip(pointer.index, undefined)}
      </div>
      {pointer && !selection && (
        <Floating x={pointer.x} y={pointer.y}>
          {tooltip(pointer.index, pointer.key)}
        </Floating>
      )}
    </div>
  );
}

/** A tooltip beside the pointer, inside of the window. */
export function Floating({ x, y, children }: { x: number; y: number; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    const { offsetWidth, offsetHeight } = element;
    const left = x + 14 + offsetWidth > innerWidth - 8 ? x - 14 - offsetWidth : x + 14;
    element.style.left = `${Math.max(8, left)}px`;
    element.style.top = `${Math.max(8, Math.min(y + 12, innerHeight - offsetHeight - 8))}px`;
  });
  return (
    <div class="floating" ref={box} aria-hidden="true">
      {children}
    </div>
  );
}

/** A day that is longer or shorter than others says so, and one that a zone never had. */
function unusualDay({ start, end, skipped }: PlotBucket, index: number): { index: number; text: string; title: string }[] {
  const hours = (Date.parse(end) - Date.parse(start)) / 3_600_000;
  return skipped ? [{ index, text: "0 h", title: "This day does not exist in this zone." }] : hours === 24 ? [] : [{ index, text: `${hours} h`, title: `This day has ${hours} hours: the clocks changed.` }];
}

function seriesId(key: string | null): string {
  return key === null ? "others" : `key ${key}`;
}

/** Light dots: no data was received. */
function dots(color: string): unknown {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 6;
  const context = canvas.getContext("2d")!;
  context.fillStyle = color;
  context.fillRect(0, 0, 1.5, 1.5);
  context.fillRect(3, 3, 1.5, 1.5);
  return { image: canvas, repeat: "repeat" };
}
