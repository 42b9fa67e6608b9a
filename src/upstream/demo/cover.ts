import { crc32, deflateSync } from 'node:zlib';
import { hashOf, pick } from './codes.js';
import { DESIGNS, type Box, type Layer } from './cover-designs.js';
import type { CoverDesign, DemoAlbum } from './music.js';

export const COVER_PX = 600;

type Rgb = readonly [number, number, number];

type Drawn = Pick<DemoAlbum, 'slug' | 'cover'>;

/** A square part of the picture. */
interface Tile {
  pixels: Uint8Array;
  left: number;
  top: number;
  sizePx: number;
}

/** An album's front cover as PNG, drawn from its design and its colors; the same bytes each time. */
export function renderCover(album: Drawn): Uint8Array {
  const pixels = new Uint8Array(COVER_PX * COVER_PX * 3);
  draw(album, { pixels, left: 0, top: 0, sizePx: COVER_PX });
  return encodePng(pixels, COVER_PX);
}

/** The covers of four albums in one. */
export function renderMosaic(albums: readonly Drawn[]): Uint8Array {
  const pixels = new Uint8Array(COVER_PX * COVER_PX * 3);
  const sizePx = COVER_PX / 2;
  albums.slice(0, 4).forEach((album, place) => {
    draw(album, { pixels, left: (place % 2) * sizePx, top: Math.floor(place / 2) * sizePx, sizePx });
  });
  return encodePng(pixels, COVER_PX);
}

/** Of artists, shows and other playlists: a design, and colors of one of the albums. */
export function renderPortrait(slug: string, albums: readonly Drawn[]): Uint8Array {
  const design = pick(Object.keys(DESIGNS) as CoverDesign[], `${slug}/design`);
  const { colors } = pick(albums, `${slug}/colors`).cover;
  return renderCover({ slug, cover: { design, colors } });
}

const WHOLE: Box = { left: 0, top: 0, right: 1, bottom: 1 };

function draw({ slug, cover }: Drawn, tile: Tile): void {
  const [background = '#000000', ...inks] = cover.colors;
  const layers = DESIGNS[cover.design]({ inks, random: createRandom(slug) });
  paint(tile, { ink: background, shape: { depth: () => 1, box: WHOLE } });
  for (const layer of layers) paint(tile, layer);
}

function paint({ pixels, sizePx, ...tile }: Tile, { ink, shape }: Layer): void {
  const rgb = toRgb(ink);
  const { left, top, right, bottom } = toPixels(shape.box, sizePx);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const cover = shape.depth((column + 0.5) / sizePx, (row + 0.5) / sizePx) * sizePx + 0.5;
      const at = ((tile.top + row) * COVER_PX + tile.left + column) * 3;
      if (cover > 0) blend(pixels, at, { rgb, share: Math.min(1, cover) });
    }
  }
}

function toPixels({ left, top, right, bottom }: Box, sizePx: number): Box {
  const inside = (value: number) => Math.max(0, Math.min(sizePx, value));
  return {
    left: inside(Math.floor(left * sizePx) - 1),
    top: inside(Math.floor(top * sizePx) - 1),
    right: inside(Math.ceil(right * sizePx) + 1),
    bottom: inside(Math.ceil(bottom * sizePx) + 1),
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
  const body = deflateSync(filterLines(rgb, sizePx * 3), { level: 6 });
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
