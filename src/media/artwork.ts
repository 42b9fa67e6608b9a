import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFfmpeg } from './ffmpeg.js';

export interface Cover {
  mime: 'image/jpeg' | 'image/png';
  bytes: Uint8Array;
  widthPx: number;
  heightPx: number;
}

/** A larger cover is shrunk: players show no more, and every track of an album carries it. */
const MAX_COVER_SIDE_PX = 1_000;
const MAX_COVER_BYTES = 524_288;
/** A larger image is not decoded: it would take gigabytes of memory. */
const MAX_COVER_PIXELS = 64_000_000;

const SHRINK_LIMIT_MS = 30_000;

export async function prepareCover(
  bytes: Uint8Array,
  tools: { ffmpegPath: string; workDir: string; signal: AbortSignal },
): Promise<Cover | null> {
  const cover = readCover(bytes);
  if (!cover || cover.widthPx * cover.heightPx > MAX_COVER_PIXELS) return null;
  const fits = Math.max(cover.widthPx, cover.heightPx) <= MAX_COVER_SIDE_PX;
  if (fits && bytes.length <= MAX_COVER_BYTES) return cover;
  return shrink(cover, tools);
}

async function shrink(
  cover: Cover,
  tools: { ffmpegPath: string; workDir: string; signal: AbortSignal },
): Promise<Cover | null> {
  const source = join(tools.workDir, 'cover-large');
  const outputPath = join(tools.workDir, 'cover-small');
  await writeFile(source, cover.bytes);
  const job = planShrink(cover, source);
  const limits = { signal: tools.signal, timeLimitMs: SHRINK_LIMIT_MS };
  await runFfmpeg(tools.ffmpegPath, { ...job, outputPath }, limits);
  return readCover(await readFile(outputPath));
}

function planShrink(cover: Omit<Cover, 'bytes'>, path: string) {
  const factor = Math.min(1, MAX_COVER_SIDE_PX / Math.max(cover.widthPx, cover.heightPx));
  const side = (px: number) => String(Math.max(1, Math.round(px * factor)));
  // The …_pipe demuxers, because the one for files takes a % in a name for a number pattern.
  const demuxer = cover.mime === 'image/png' ? 'png_pipe' : 'jpeg_pipe';
  const input = ['-nostdin', '-v', 'error', '-protocol_whitelist', 'file', '-threads', '1', '-f', demuxer];
  const scale = `scale=${side(cover.widthPx)}:${side(cover.heightPx)}`;
  return {
    inputs: [{ options: input, source: `file:${path}` }],
    // -q:v 4: about a third of quality 2's size, with no visible difference at this size.
    outputOptions: ['-frames:v', '1', '-vf', scale, '-pix_fmt', 'yuvj420p', '-q:v', '4', '-f', 'mjpeg'],
  };
}

export function readCover(bytes: Uint8Array): Cover | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = pngSize(view) ?? jpegSize(view);
  return size && size.widthPx > 0 && size.heightPx > 0 ? { ...size, bytes } : null;
}

const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

function pngSize(bytes: Buffer): Omit<Cover, 'bytes'> | null {
  if (bytes.length < 24 || !bytes.subarray(0, 8).equals(PNG_SIGNATURE)) return null;
  return { mime: 'image/png', widthPx: bytes.readUInt32BE(16), heightPx: bytes.readUInt32BE(20) };
}

/** Segments of `ff`, a marker and a length; a frame segment (c0 to cf, except three) begins with its size. */
function jpegSize(bytes: Buffer): Omit<Cover, 'bytes'> | null {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return null;
  for (let at = 2; at + 9 <= bytes.length;) {
    const marker = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0xff) return null;
    if (marker === 0xff) {
      at += 1; // padding
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return {
        mime: 'image/jpeg',
        widthPx: bytes.readUInt16BE(at + 7),
        heightPx: bytes.readUInt16BE(at + 5),
      };
    }
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}
