// Pictures of flat colours as PNG with a palette: a third of the bytes, so that a repository can hold them.
import { deflateSync, inflateSync } from "node:zlib";

/** The colours of a screenshot: Chromium writes 8 bits a channel, without interlacing. */
function decode(png) {
  const [width, height, depth, kind] = [png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]];
  const size = { 2: 3, 6: 4 }[kind];
  if (depth !== 8 || !size) {
    throw new Error(`Found a PNG of ${depth} bits and colour type ${kind}, expected 8 bits of type 2 or 6.`);
  }
  const parts = [];
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") {
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
    }
  }
  const raw = inflateSync(Buffer.concat(parts));
  const line = width * size;
  const bytes = Buffer.alloc(line * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (line + 1)];
    for (let x = 0; x < line; x++) {
      const at = y * line + x;
      const left = x >= size ? bytes[at - size] : 0;
      const up = y > 0 ? bytes[at - line] : 0;
      const corner = x >= size && y > 0 ? bytes[at - line - size] : 0;
      const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
      bytes[at] = raw[y * (line + 1) + 1 + x] + [0, left, up, (left + up) >> 1, a <= b && a <= c ? left : b <= c ? up : corner][filter];
    }
  }
  const colors = new Uint32Array(width * height);
  for (let index = 0; index < colors.length; index++) {
    colors[index] = (bytes[index * size] << 16) | (bytes[index * size + 1] << 8) | bytes[index * size + 2];
  }
  return { width, height, colors };
}

/** The same picture in its 256 commonest colours; the others become the nearest of them. */
export function withPalette(png) {
  const { width, height, colors } = decode(png);
  const counts = new Map();
  for (const color of colors) {
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  // Of colours that the eye hardly tells apart one is enough.
  const palette = [];
  for (const [color] of [...counts].sort((a, b) => b[1] - a[1])) {
    if (palette.length < 256 && !palette.some((known) => distance(known, color) < 60)) {
      palette.push(color);
    }
  }
  const nearest = new Map();
  for (const color of counts.keys()) {
    let best = 0;
    for (let index = 1; index < palette.length; index++) {
      best = distance(palette[index], color) < distance(palette[best], color) ? index : best;
    }
    nearest.set(color, best);
  }
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows[y * (width + 1) + 1 + x] = nearest.get(colors[y * width + x]);
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const chunks = [["IHDR", head], ["PLTE", Buffer.from(palette.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]))], ["IDAT", deflateSync(rows, { level: 9 })], ["IEND", Buffer.alloc(0)]];
  return Buffer.concat([png.subarray(0, 8), ...chunks.map(([name, data]) => chunk(name, data))]);
}

function distance(a, b) {
  return 2 * ((a >> 16) - (b >> 16)) ** 2 + 4 * (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + 3 * ((a & 255) - (b & 255)) ** 2;
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc(body), body.length + 4);
  return whole;
}

const table = Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) {
    value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return value >>> 0;
});

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value = (value >>> 8) ^ table[(value ^ byte) & 255];
  }
  return (value ^ 0xffffffff) >>> 0;
}
