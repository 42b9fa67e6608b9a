import type { Cover } from './tag-carrier.js';
import type { TagPair } from './tags.js';

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

/** ID3's way to write a size: four bytes of seven bits. */
export function synchsafe(size: number): Buffer {
  return Buffer.of((size >> 21) & 0x7f, (size >> 14) & 0x7f, (size >> 7) & 0x7f, size & 0x7f);
}

export function fromSynchsafe(bytes: Buffer): number {
  return bytes.subarray(0, 4).reduce((size, byte) => size * 128 + (byte & 0x7f), 0);
}
