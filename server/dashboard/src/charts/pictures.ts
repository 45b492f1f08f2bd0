import { ink } from "./palette.ts";
import { shorten } from "./tooltip.tsx";

// What is a picture on screen but no canvas, drawn as one, at twice its size.

const Font = "'Inter Variable', system-ui, sans-serif";
const Scale = 2;

function surface(width: number, height: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = document.createElement("canvas");
  canvas.width = width * Scale;
  canvas.height = height * Scale;
  const context = canvas.getContext("2d")!;
  context.scale(Scale, Scale);
  context.fillStyle = ink().card;
  context.fillRect(0, 0, width, height);
  context.textBaseline = "middle";
  return [canvas, context];
}

export interface Entry {
  label: string;
  color: string;
}

/** A chart with its legend below: without one a picture says nothing about its colours. */
export function withLegend(chart: HTMLCanvasElement, entries: readonly Entry[]): HTMLCanvasElement {
  const width = chart.width / Scale;
  const measure = document.createElement("canvas").getContext("2d")!;
  measure.font = `12px ${Font}`;
  const places: { entry: Entry; x: number; y: number; text: string }[] = [];
  let x = 16;
  let y = 16;
  for (const entry of entries) {
    const text = shorten(entry.label);
    const needed = measure.measureText(text).width + 34;
    if (x + needed > width - 16 && x > 16) {
      x = 16;
      y += 20;
    }
    places.push({ entry, x, y, text });
    x += needed;
  }
  const [canvas, context] = surface(width, chart.height / Scale + y + 16);
  context.drawImage(chart, 0, 0, width, chart.height / Scale);
  context.font = `12px ${Font}`;
  for (const { entry, x: left, y: top, text } of places) {
    swatch(context, entry.color, left, chart.height / Scale + top);
    context.fillStyle = ink().text2;
    context.fillText(text, left + 16, chart.height / Scale + top);
  }
  return canvas;
}

function swatch(context: CanvasRenderingContext2D, color: string, x: number, y: number): void {
  context.fillStyle = color;
  context.beginPath();
  context.roundRect(x, y - 5, 10, 10, 3);
  context.fill();
}

/** Bars by size, each with its name and value. */
export function barsPicture(bars: readonly (Entry & { value: number; text: string })[]): HTMLCanvasElement {
  const [canvas, context] = surface(640, bars.length * 38 + 12);
  const largest = Math.max(...bars.map((bar) => bar.value), 0);
  const { text, grid } = ink();
  bars.forEach((bar, index) => {
    const y = index * 38 + 18;
    swatch(context, bar.color, 16, y);
    context.fillStyle = text;
    context.font = `13px ${Font}`;
    context.textAlign = "left";
    context.fillText(shorten(bar.label, 60), 34, y);
    context.font = `500 13px ${Font}`;
    context.textAlign = "right";
    context.fillText(bar.text, 624, y);
    for (const [width, color] of [[608, grid], [largest > 0 ? Math.max(2, (bar.value / largest) * 608) : 2, bar.color]] as const) {
      context.fillStyle = color;
      context.beginPath();
      context.roundRect(16, y + 12, width, 6, 3);
      context.fill();
    }
  });
  return canvas;
}

const Hole = 106;

/** Slices of a doughnut with their names and values beside it. */
export function doughnutPicture(paths: readonly (Entry & { path: string; text: string })[], size: number, total: string): HTMLCanvasElement {
  const height = Math.max(260, paths.length * 26 + 20);
  const [canvas, context] = surface(640, height);
  const { text, card } = ink();
  context.save();
  context.translate(16, (height - size) / 2);
  for (const { path, color } of paths) {
    const shape = new Path2D(path);
    context.fillStyle = color;
    context.fill(shape);
    context.strokeStyle = card;
    context.lineWidth = 1.5;
    context.stroke(shape);
  }
  context.fillStyle = text;
  context.font = `600 17px ${Font}`;
  // Inside of the ring, however many digits there are.
  context.font = `600 ${Math.min(17, (17 * Hole) / context.measureText(total).width)}px ${Font}`;
  context.textAlign = "center";
  context.fillText(total, size / 2, size / 2);
  context.restore();
  paths.forEach((slice, index) => {
    const y = height / 2 + (index - (paths.length - 1) / 2) * 26;
    swatch(context, slice.color, size + 48, y);
    context.fillStyle = text;
    context.font = `13px ${Font}`;
    context.textAlign = "left";
    context.fillText(shorten(slice.label), size + 66, y);
    context.font = `500 13px ${Font}`;
    context.textAlign = "right";
    context.fillText(slice.text, 624, y);
  });
  return canvas;
}
