import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openNewFile } from '../lib/plain-file.js';
import { TrackTooLargeError } from './errors.js';

const CHUNK_BYTES = 1_048_576;

interface CopyOptions {
  maxBytes: number;
  signal: AbortSignal;
}

/** Into a new file. */
export async function copyBytes(from: string, to: string, options: CopyOptions): Promise<void> {
  const handle = await openNewFile(to);
  await pipeline(
    createReadStream(from, { highWaterMark: CHUNK_BYTES }),
    createLimit(options.maxBytes),
    handle.createWriteStream({ highWaterMark: CHUNK_BYTES }),
    { signal: options.signal },
  );
}

function createLimit(maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    highWaterMark: CHUNK_BYTES,
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(bytes >= maxBytes ? tooLarge(maxBytes) : null, chunk);
    },
  });
}

export function tooLarge(maxBytes: number): TrackTooLargeError {
  const limit = Math.round(maxBytes / 1e6);
  return new TrackTooLargeError(
    `The file would be larger than ${limit} MB, the limit for its stated length.`,
  );
}

const ID3V1_BYTES = 128;

/** Where an ID3v1 tag begins at the end of the file; null without one. */
export async function findTailTag(path: string): Promise<number | null> {
  const handle = await open(path);
  try {
    const start = (await handle.stat()).size - ID3V1_BYTES;
    if (start <= 0) return null;
    const { buffer } = await handle.read(Buffer.alloc(3), 0, 3, start);
    return buffer.toString('latin1') === 'TAG' ? start : null;
  } finally {
    await handle.close();
  }
}
