import { createReadStream } from 'node:fs';
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
