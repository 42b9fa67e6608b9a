import { type FileHandle, open } from 'node:fs/promises';
import type { TagPair } from './tags.js';
import { writeFully } from './id3.js';

/** ISO/IEC 14496-12, 4.2: a size of 32 bits, four letters, data or boxes. Tags: `moov.udta.meta.ilst`. */
interface Box {
  start: number;
  end: number;
}

const HEADER_BYTES = 8;
/** A `moov` with a cover is below 1 MiB; one over this is not ours. */
const MAX_MOOV_BYTES = 64 * 1_048_576;
const UTF8_TEXT = 1;

/** In place: ffmpeg puts `moov` last, so it can grow and no audio moves. False for another shape. */
export async function addFreeformAtoms(path: string, atoms: readonly TagPair[]): Promise<boolean> {
  if (atoms.length === 0) return false;
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const found = await findLastMoov(file, size);
    if (!found) return false;
    const moov = Buffer.alloc(found.end - found.start);
    await file.read(moov, 0, moov.length, found.start);
    const grown = growTagList(moov, Buffer.concat(atoms.map(freeformAtom)));
    if (!grown) return false;
    await writeFully(file, grown, found.start);
    return true;
  } finally {
    await file.close();
  }
}

async function findLastMoov(file: FileHandle, size: number): Promise<Box | null> {
  for (let start = 0; start + HEADER_BYTES <= size;) {
    const header = Buffer.alloc(16);
    await file.read(header, 0, 16, start);
    const bytes = header.readUInt32BE(0);
    // 1 means that 64 bits after the name hold the size, as in a file over 4 GiB; 0 that it is the last.
    const end =
      start + (bytes === 1 ? Number(header.readBigUInt64BE(8)) : bytes === 0 ? size - start : bytes);
    if (end < start + HEADER_BYTES || end > size) return null;
    if (nameAt(header, 0) === 'moov') {
      return bytes > 1 && end === size && end - start <= MAX_MOOV_BYTES ? { start, end } : null;
    }
    start = end;
  }
  return null;
}

/** Raises the four enclosing sizes too; null without a list. */
export function growTagList(moov: Buffer, addition: Buffer): Buffer | null {
  const path = tagListPath(moov);
  const list = path?.at(-1);
  if (!path || !list) return null;
  const grown = Buffer.concat([moov.subarray(0, list.end), addition, moov.subarray(list.end)]);
  for (const box of path) grown.writeUInt32BE(box.end - box.start + addition.length, box.start);
  return grown;
}

/** `meta` has four bytes of version and flags before its boxes. */
function tagListPath(moov: Buffer): Box[] | null {
  const root = { start: 0, end: moov.length };
  const udta = childNamed(moov, 'udta', { start: HEADER_BYTES, end: root.end });
  const meta = udta && childNamed(moov, 'meta', { start: udta.start + HEADER_BYTES, end: udta.end });
  const ilst = meta && childNamed(moov, 'ilst', { start: meta.start + HEADER_BYTES + 4, end: meta.end });
  return ilst ? [root, udta, meta, ilst] : null;
}

function childNamed(bytes: Buffer, name: string, within: Box): Box | null {
  for (let start = within.start; start + HEADER_BYTES <= within.end;) {
    const end = start + bytes.readUInt32BE(start);
    if (end < start + HEADER_BYTES || end > within.end) return null;
    if (nameAt(bytes, start) === name) return { start, end };
    start = end;
  }
  return null;
}

function freeformAtom([name, value]: TagPair): Buffer {
  return box('----', [
    box('mean', [Buffer.alloc(4), Buffer.from('com.apple.iTunes')]),
    box('name', [Buffer.alloc(4), Buffer.from(name)]),
    box('data', [Buffer.of(0, 0, 0, UTF8_TEXT), Buffer.alloc(4), Buffer.from(value)]),
  ]);
}

function box(name: string, parts: Buffer[]): Buffer {
  const data = Buffer.concat(parts);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(HEADER_BYTES + data.length);
  return Buffer.concat([size, Buffer.from(name, 'latin1'), data]);
}

function nameAt(bytes: Buffer, start: number): string {
  return bytes.subarray(start + 4, start + 8).toString('latin1');
}
