import { type FileHandle, open } from 'node:fs/promises';
import type { Cover } from './tag-carrier.js';
import { COMMENT_STAND_IN, type TagPair } from './tags.js';

const UTF8 = 3;
const FRONT_COVER = 3;

/** An ID3v2.4 tag (id3.org/id3v2.4.0-structure) of text frames, a comment and a front cover, all in UTF-8. */
export function buildId3Tag(frames: readonly TagPair[], cover: Cover | null): Buffer {
  const body = Buffer.concat([
    ...frames.map(([name, value]) => textFrame(name, value)),
    ...(cover ? [pictureFrame(cover)] : []),
  ]);
  return Buffer.concat([Buffer.from('ID3'), Buffer.of(4, 0, 0), synchsafe(body.length), body]);
}

function textFrame(name: string, value: string): Buffer {
  if (name === 'COMM') return frame('COMM', [Buffer.of(UTF8), Buffer.from(`eng\0${value}`)]);
  if (!name.startsWith('TXXX:')) return frame(name, [Buffer.of(UTF8), Buffer.from(value)]);
  return frame('TXXX', [Buffer.of(UTF8), Buffer.from(`${name.slice(5)}\0${value}`)]);
}

function pictureFrame(cover: Cover): Buffer {
  return frame('APIC', [
    Buffer.of(UTF8),
    Buffer.from(`${cover.mime}\0`),
    Buffer.of(FRONT_COVER, 0), // and an empty description
    cover.bytes,
  ]);
}

function frame(id: string, parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(id), synchsafe(body.length), Buffer.of(0, 0), body]);
}

function synchsafe(size: number): Buffer {
  return Buffer.of((size >> 21) & 0x7f, (size >> 14) & 0x7f, (size >> 7) & 0x7f, size & 0x7f);
}

function fromSynchsafe(bytes: Buffer): number {
  return bytes.subarray(0, 4).reduce((size, byte) => size * 128 + (byte & 0x7f), 0);
}

const HEADER_BYTES = 10;

/** ffmpeg wrote it as a TXXX frame `eng`, which differs from an English COMM only in its name (tags.ts). */
export async function nameId3Comment(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const position = await findStandIn(file);
    if (position !== null) await file.write('COMM', position, 'latin1');
  } finally {
    await file.close();
  }
}

async function findStandIn(file: FileHandle): Promise<number | null> {
  const header = await readAt(file, 0, HEADER_BYTES);
  if (header.subarray(0, 3).toString('latin1') !== 'ID3') return null;
  const end = HEADER_BYTES + fromSynchsafe(header.subarray(6));
  for (let position = HEADER_BYTES; position + HEADER_BYTES < end;) {
    // The frame's header, then its encoding and the description with its end: five bytes.
    const start = await readAt(file, position, HEADER_BYTES + 5);
    const id = start.subarray(0, 4).toString('latin1');
    if (!/^[A-Z0-9]{4}$/.test(id)) return null; // padding
    if (id === 'TXXX' && start.subarray(11).toString('latin1') === `${COMMENT_STAND_IN}\0`) return position;
    position += HEADER_BYTES + fromSynchsafe(start.subarray(4));
  }
  return null;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

const MAX_RIFF_BYTES = 0xffff_ffff;

/** As an `id3 ` chunk, for what RIFF's INFO list cannot hold. A file over 4 GiB is left unchanged. */
export async function appendId3Chunk(path: string, tag: Buffer): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const chunk = Buffer.concat([
      padTo2(size),
      Buffer.from('id3 '),
      uint32(tag.length),
      tag,
      padTo2(tag.length),
    ]);
    const riffBytes = size + chunk.length - 8;
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    if (buffer.toString('latin1') !== 'RIFF' || riffBytes > MAX_RIFF_BYTES) return;
    await writeFully(file, chunk, size);
    await writeFully(file, uint32(riffBytes), 4);
  } finally {
    await file.close();
  }
}

function padTo2(bytes: number): Buffer {
  return Buffer.alloc(bytes % 2);
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

/** A write may take fewer bytes, without an error, when the disk fills up; the next throws ENOSPC. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
