import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { createPacer, keepPace } from '../../src/downloads/pace.js';

const idle = { signal: new AbortController().signal, onWait: () => undefined };
const now = () => performance.now();

describe('the pace of a fetch', () => {
  it('lets bytes through no faster than their share of the time', async () => {
    const pace = { totalMs: 300, startedAtMs: now() };
    const chunks = Array.from({ length: 10 }, () => Buffer.alloc(100));
    const pacer = createPacer(pace, { sizeBytes: 1_000, offsetBytes: 0, ...idle });
    const arrivals: { atMs: number; bytes: number }[] = [];
    let bytes = 0;
    await pipeline(Readable.from(chunks), pacer, async (source) => {
      // A late reader gets several chunks as one.
      for await (const chunk of source) {
        bytes += (chunk as Buffer).byteLength;
        arrivals.push({ atMs: now() - pace.startedAtMs, bytes });
      }
    });
    expect(bytes).toBe(1_000);
    // Timers may be early by a millisecond.
    for (const { atMs, bytes } of arrivals) expect(atMs).toBeGreaterThanOrEqual(0.3 * bytes - 2);
  });

  it('lets them through at once when the size is unknown, and waits at the end', async () => {
    const pace = { totalMs: 100, startedAtMs: now() };
    const pacer = createPacer(pace, { sizeBytes: null, offsetBytes: 0, ...idle });
    const got: Buffer[] = [];
    await pipeline(Readable.from([Buffer.from('all')]), pacer, async (source) => {
      for await (const chunk of source) got.push(chunk as Buffer);
    });
    expect(Buffer.concat(got).toString()).toBe('all');
    await keepPace(pace, 1, idle);
    expect(now() - pace.startedAtMs).toBeGreaterThanOrEqual(98);
  });

  it('delays nothing when it is off, and stops waiting when it is aborted', async () => {
    await keepPace({ totalMs: 0, startedAtMs: now() }, 1, idle);
    const pace = { totalMs: 3_600_000, startedAtMs: now() };
    const signal = AbortSignal.timeout(20);
    await expect(keepPace(pace, 1, { ...idle, signal })).rejects.toThrow();
  });

  it('reports while it waits that it is not stalled', async () => {
    let said = 0;
    await keepPace({ totalMs: 2_900, startedAtMs: now() }, 1, { ...idle, onWait: () => (said += 1) });
    expect(said).toBeGreaterThanOrEqual(3);
  });
});
