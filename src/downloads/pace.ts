import { Transform } from 'node:stream';
import { delay } from '../lib/async.js';

/** Slows a fetch down, so that it takes as long as playing would. */
export interface Pace {
  totalMs: number;
  /** By `performance.now()`; a resumed fetch keeps its start. */
  startedAtMs: number;
}

interface Waiting {
  signal: AbortSignal;
  /** Called at least each second, so that waiting does not count as a stalled source. */
  onWait(): void;
}

const SLICE_MS = 1_000;

/** `share` is 0 to 1. */
export async function keepPace(
  { totalMs, startedAtMs }: Pace,
  share: number,
  { signal, onWait }: Waiting,
): Promise<void> {
  const dueAtMs = startedAtMs + totalMs * Math.min(1, share);
  for (let leftMs = dueAtMs - performance.now(); leftMs > 0; leftMs = dueAtMs - performance.now()) {
    onWait();
    await delay(Math.min(leftMs, SLICE_MS), signal);
  }
  onWait();
}

/** All at once when the number of bytes is unknown: the wait then comes at the end. */
export function createPacer(
  pace: Pace,
  { sizeBytes, offsetBytes, ...waiting }: Waiting & { sizeBytes: number | null; offsetBytes: number },
): Transform {
  let bytes = offsetBytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      const share = sizeBytes ? bytes / sizeBytes : 0;
      keepPace(pace, share, waiting).then(() => done(null, chunk), done);
    },
  });
}
