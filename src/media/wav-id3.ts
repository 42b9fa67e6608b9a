import { open } from 'node:fs/promises';
import { writeFully } from './write-fully.js';

/** What a RIFF file's 32-bit size can say. */
const MAX_RIFF_BYTES = 0xffff_ffff;

/**
 * Appends an ID3 tag to a WAV file as an `id3 ` chunk, where taggers and players look for what RIFF's own INFO list
 * cannot say: other scripts, ISRC, album artist, cover. A file that would pass 4 GiB is left as it is.
 */
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

/** Chunks begin at even offsets. */
function padTo2(bytes: number): Buffer {
  return Buffer.alloc(bytes % 2);
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}
