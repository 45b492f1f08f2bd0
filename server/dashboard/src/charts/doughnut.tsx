import type { ComponentChildren, Ref } from "preact";
import { useImperativeHandle, useState } from "preact/hooks";
import { percent } from "../lib/numbers.ts";
import { doughnutPicture } from "./pictures.ts";
import { Floating, type PlotHandle } from "./plot.tsx";
import { TooltipTable } from "./tooltip.tsx";

export interface Slice {
  key: string | null;
  label: string;
  color: string;
  value: number;
  /** The value in words, exact. */
  text: string;
}

const Size = 220;
const Radius = 92;
const Width = 33;
/** What is smaller is drawn this large, in degrees, so that it can be seen; its tooltip has the true share. */
const Smallest = 1.5;

/** Parts of a whole, with the whole in the middle. At most a handful: the rest is Others. */
export function Doughnut({ slices, total, label, centre, highlight, onHover, handle }: { slices: readonly Slice[]; total: string; label: string; centre: ComponentChildren; highlight?: string | null | undefined; onHover?: (key: string | null | undefined) => void; handle?: Ref<PlotHandle> }) {
  const [pointer, setPointer] = useState<{ x: number; y: number; index: number } | null>(null);
  const sum = slices.reduce((all, slice) => all + slice.value, 0);
  const arcs = arcsOf(slices, sum);
  useImperativeHandle(handle ?? null, () => ({ image: () => doughnutPicture(slices.flatMap((slice, index) => (arcs[index] ? [{ ...slice, path: arcs[index] }] : [])), Size, total) }), [slices, total]);
  return (
    <div class="doughnut">
      <svg viewBox={`0 0 ${Size} ${Size}`} role="img" aria-label={label} onPointerLeave={() => (setPointer(null), onHover?.(undefined))}>
        {sum === 0 && <circle cx={Size / 2} cy={Size / 2} r={Radius - Width / 2} fill="none" stroke="var(--grid)" stroke-width={Width} />}
        {slices.map((slice, index) => {
          if (!arcs[index]) {
            return null;
          }
          const isDim = (pointer && pointer.index !== index) || (highlight !== undefined && highlight !== slice.key && slices.some((each) => each.key === highlight));
          return (
            <path
              key={slice.key ?? "others"}
              d={arcs[index]}
              fill={slice.color}
              stroke="var(--card)"
              stroke-width="1.5"
              opacity={isDim ? 0.35 : 1}
              onPointerMove={(event) => {
                setPointer({ x: event.clientX, y: event.clientY, index });
                onHover?.(slice.key);
              }}
            />
          );
        })}
      </svg>
      <div class="doughnut-centre">{centre}</div>
      {pointer && slices[pointer.index] && (
        <Floating x={pointer.x} y={pointer.y}>
          <TooltipTable title={slices[pointer.index]!.label} total={total} rows={[{ label: slices[pointer.index]!.label, color: slices[pointer.index]!.color, value: slices[pointer.index]!.text, share: sum > 0 ? percent(slices[pointer.index]!.value / sum) : undefined }]} />
        </Floating>
      )}
    </div>
  );
}

/** The outline of each slice; null where there is nothing. */
function arcsOf(slices: readonly Slice[], sum: number): (string | null)[] {
  const lifted = slices.map((slice) => (sum > 0 && slice.value > 0 ? Math.max((slice.value / sum) * 360, Smallest) : 0));
  const scale = 360 / Math.max(360, lifted.reduce((all, angle) => all + angle, 0));
  let start = -90;
  return lifted.map((each) => {
    const from = start;
    start += each * scale;
    return each === 0 ? null : arc(from, Math.min(start, from + 359.99));
  });
}

function arc(from: number, to: number): string {
  const point = (angle: number, radius: number) => {
    const radians = (angle * Math.PI) / 180;
    return `${(Size / 2 + radius * Math.cos(radians)).toFixed(2)} ${(Size / 2 + radius * Math.sin(radians)).toFixed(2)}`;
  };
  const isLarge = to - from > 180 ? 1 : 0;
  const inner = Radius - Width;
  return `M${point(from, Radius)}A${Radius} ${Radius} 0 ${isLarge} 1 ${point(to, Radius)}L${point(to, inner)}A${inner} ${inner} 0 ${isLarge} 0 ${point(from, inner)}Z`;
}
