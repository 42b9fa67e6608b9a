import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

export interface WaitForOptions {
  timeoutMs?: number;
  /** What is waited for, in words: "the task to be COMPLETED". */
  what?: string;
}

const POLL_MS = 20;

/**
 * Asks until the answer is truthy, and resolves with it. On time-out it rejects and says what it waited for and
 * what the last answer was; a check that throws counts as not yet.
 */
export async function waitFor<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 10_000, what = 'a condition' }: WaitForOptions = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  do {
    try {
      const value = await check();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  } while (performance.now() < deadline);
  throw new Error(`Waited ${timeoutMs} ms for ${what}; last: ${inspect(last, { depth: 3 })}`);
}
