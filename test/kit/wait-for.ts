import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { inject } from 'vitest';
import { measureSlowness } from './slowness.js';

export interface WaitForOptions {
  /** On a quiet machine; a slow one gets more, see slowness.ts. */
  timeoutMs?: number;
  /** What is waited for, in words: "the task to be COMPLETED". */
  what?: string;
}

const SHORTEST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/**
 * Asks until the answer is truthy, and resolves with it. On time-out it rejects and says what it waited for and
 * what the last answer was; a check that throws counts as not yet.
 */
export async function waitFor<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 10_000, what = 'a condition' }: WaitForOptions = {},
): Promise<NonNullable<T>> {
  const startedAt = performance.now();
  let limitMs = stretch(timeoutMs);
  let last: unknown;
  let pausedMs = 0;
  let plannedMs = 0;
  do {
    try {
      const value = await check();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    const pausedAt = performance.now();
    const pauseMs = pauseAfter(pausedAt - startedAt);
    await sleep(pauseMs);
    plannedMs += pauseMs;
    pausedMs += performance.now() - pausedAt;
    // Others may have come to the machine since the run began, and have gone by now.
    if (performance.now() - startedAt >= limitMs) {
      limitMs = Math.max(limitMs, timeoutMs * measureSlowness(), timeoutMs * (pausedMs / plannedMs));
    }
  } while (performance.now() - startedAt < limitMs);
  throw new Error(`Waited ${Math.round(limitMs)} ms for ${what}; last: ${inspect(last, { depth: 3 })}`);
}

/** A tenth of the wait so far: a check is often a request, which takes CPU time from what is waited for. */
function pauseAfter(waitedMs: number): number {
  return Math.min(Math.max(waitedMs / 10, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
}

/** A time limit for this machine, from one that was chosen on a quiet one. */
export function stretch(limitMs: number): number {
  return limitMs * inject('slowness');
}

/** For what has just been measured: others may have come to the machine since the run began. */
export function stretchNow(limitMs: number): number {
  return Math.max(stretch(limitMs), limitMs * measureSlowness());
}
