import { Transform } from 'node:stream';
import { delay } from '../lib/async.js';

/** How a fetch is slowed down, so that it takes as long as playing would. */
export interface Pace {
  /** How long the whole of it must take at least, in milliseconds. */
  totalMs: number;
  /** When it began, by `performance.now()`; a fetch that goes on after a break is the same one. */
  startedAtMs: number;
}

interface Waiting {
  signal: AbortSignal;
  /** Called at least each second: waiting is no silence. */
  onWait(): void;
}

const SLICE_MS = 1_000;

/** Waits until a share of the pace's time has passed, 1 for all of it. */
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

/** Lets bytes through as the pace allows; without their number, all of them at once, and the wait is at the end. */
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
