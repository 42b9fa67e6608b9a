import { crc32, deflateSync } from 'node:zlib';
import { hashOf } from './codes.js';
import { DESIGNS, type Box, type Layer } from './cover-designs.js';
import type { DemoAlbum } from './music.js';

const SIZE_PX = 600;

type Rgb = readonly [number, number, number];

/** An album's front cover as PNG, drawn from its design and its colors; the same bytes each time. */
export function renderCover({ slug, cover }: Pick<DemoAlbum, 'slug' | 'cover'>): Uint8Array {
  const [background = '#000000', ...inks] = cover.colors;
  const pixels = new Uint8Array(SIZE_PX * SIZE_PX * 3);
  const layers = DESIGNS[cover.design]({ inks, random: createRandom(slug) });
  paint(pixels, {
    ink: background,
    shape: { depth: () => 1, box: { left: 0, top: 0, right: 1, bottom: 1 } },
  });
  for (const layer of layers) paint(pixels, layer);
  return encodePng(pixels, SIZE_PX);
}

function paint(pixels: Uint8Array, { ink, shape }: Layer): void {
  const rgb = toRgb(ink);
  const { left, top, right, bottom } = toPixels(shape.box);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const cover = shape.depth((column + 0.5) / SIZE_PX, (row + 0.5) / SIZE_PX) * SIZE_PX + 0.5;
      if (cover > 0) blend(pixels, (row * SIZE_PX + column) * 3, { rgb, share: Math.min(1, cover) });
    }
  }
}

function toPixels({ left, top, right, bottom }: Box): Box {
  const inside = (value: number) => Math.max(0, Math.min(SIZE_PX, value));
  return {
    left: inside(Math.floor(left * SIZE_PX) - 1),
    top: inside(Math.floor(top * SIZE_PX) - 1),
    right: inside(Math.ceil(right * SIZE_PX) + 1),
    bottom: inside(Math.ceil(bottom * SIZE_PX) + 1),
  };
}

function blend(pixels: Uint8Array, at: number, { rgb, share }: { rgb: Rgb; share: number }): void {
  for (let channel = 0; channel < 3; channel++) {
    const under = pixels[at + channel] ?? 0;
    pixels[at + channel] = Math.round(under + ((rgb[channel] ?? 0) - under) * share);
  }
}

function toRgb(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function createRandom(seed: string): () => number {
  let count = 0;
  return () => hashOf(`${seed}/${count++}`) / 2 ** 32;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const TRUE_COLOR = 2;
/** Stores each line as the difference to the one above: flat pictures become mostly zeros. */
const FILTER_UP = 2;

function encodePng(rgb: Uint8Array, sizePx: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(sizePx, 0);
  header.writeUInt32BE(sizePx, 4);
  header.set([8, TRUE_COLOR, 0, 0, 0], 8);
  const body = deflateSync(filterLines(rgb, sizePx * 3), { level: 9 });
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', body),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function filterLines(rgb: Uint8Array, lineBytes: number): Uint8Array {
  const lines = rgb.length / lineBytes;
  const filtered = new Uint8Array(rgb.length + lines);
  for (let line = 0; line < lines; line++) {
    const start = line * (lineBytes + 1);
    filtered[start] = FILTER_UP;
    for (let index = 0; index < lineBytes; index++) {
      const at = line * lineBytes + index;
      filtered[start + 1 + index] = (rgb[at] ?? 0) - (rgb[at - lineBytes] ?? 0);
    }
  }
  return filtered;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(typed, 4);
  framed.writeUInt32BE(crc32(typed), typed.length + 4);
  return framed;
}
