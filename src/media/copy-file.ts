import { open, type FileHandle } from 'node:fs/promises';
import { openNewFile } from '../lib/plain-file.js';
import { TrackTooLargeError } from './errors.js';

const CHUNK_BYTES = 1_048_576;

interface CopyOptions {
  maxBytes: number;
  signal: AbortSignal;
}

/** Into a new file. */
export async function copyBytes(from: string, to: string, options: CopyOptions): Promise<void> {
  const source = await open(from);
  try {
    const target = await openNewFile(to);
    try {
      await copyChunks(source, target, options);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function copyChunks(source: FileHandle, target: FileHandle, { maxBytes, signal }: CopyOptions) {
  let bytes = 0;
  for await (const chunk of readAhead(source, { start: 0, end: Infinity })) {
    signal.throwIfAborted();
    bytes += chunk.length;
    if (bytes >= maxBytes) throw tooLarge(maxBytes);
    await writeAll(target, chunk);
  }
}

/** A nearly full disk may take a part. */
async function writeAll(target: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await target.write(chunk, at)).bytesWritten;
}

/** The next chunk is read while one is worked on, which is overwritten after that. */
export async function* readAhead(
  file: FileHandle,
  { start, end }: { start: number; end: number },
): AsyncGenerator<Buffer, void, void> {
  let at = start;
  const read = (into: Buffer) => file.read(into, 0, Math.min(CHUNK_BYTES, end - at), at);
  let next: Buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let reading = read(Buffer.allocUnsafe(CHUNK_BYTES));
  try {
    for (;;) {
      const { bytesRead, buffer } = await reading;
      if (bytesRead === 0) return;
      at += bytesRead;
      reading = read(next);
      yield buffer.subarray(0, bytesRead);
      next = buffer;
    }
  } finally {
    // Where the reader gave up, nobody else hears of its failure.
    await reading.catch(() => undefined);
  }
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
