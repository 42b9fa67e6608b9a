import { DESIGNS, type Box, type Layer } from './cover-designs.js';
import { hashOf } from './hash.js';
import { encodePng } from './png.js';
import type { DemoAlbum } from './shapes.js';

const SIZE_PX = 600;

type Rgb = readonly [number, number, number];

/** An album's front cover as PNG, drawn from its design and its colours; the same bytes each time. */
export function renderCover({ slug, cover }: Pick<DemoAlbum, 'slug' | 'cover'>): Uint8Array {
  const [background = '#000000', ...inks] = cover.colours;
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

/** A pixel more on each side, for the edge. */
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

/** Numbers from 0 up to 1, the same row of them for the same seed. */
function createRandom(seed: string): () => number {
  let count = 0;
  return () => hashOf(`${seed}/${count++}`) / 2 ** 32;
}
