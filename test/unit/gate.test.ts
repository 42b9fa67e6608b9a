import { describe, expect, it } from 'vitest';
import { createDeferred } from '../../src/lib/async.js';
import { LimitExceededError } from '../../src/lib/errors.js';
import { createGate, type GateLimits } from '../../src/lib/gate.js';

const LIMITS: GateLimits = { atOnce: 2, atOncePerKey: 1, waitingPerKey: 2, waitMs: 60_000 };

/** Calls by name that end when they are told to. */
function openCalls(limits: Partial<GateLimits> = {}) {
  const gate = createGate({ ...LIMITS, ...limits });
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const enter = (name: string, key = 'one', signal = new AbortController().signal) => {
    const end = createDeferred<string>();
    ends.set(name, () => end.resolve(name));
    return gate({ key, signal }, () => {
      started.push(name);
      return end.promise;
    });
  };
  return { enter, started, end: (name: string) => ends.get(name)?.() };
}

describe('a gate', () => {
  it('runs the calls of one key one after another, and those of others beside them', async () => {
    const { enter, started, end } = openCalls();
    const calls = [enter('a1', 'a'), enter('a2', 'a'), enter('b1', 'b')];
    expect(started).toEqual(['a1', 'b1']);
    for (const name of ['a1', 'b1', 'a2']) end(name);
    await Promise.all(calls);
    expect(started).toEqual(['a1', 'b1', 'a2']);
  });

  it('admits waiting keys in turn, so that a long queue of one delays no other by more than a place', async () => {
    const { enter, started, end } = openCalls({ atOnce: 1, waitingPerKey: 10 });
    const calls = [enter('a1', 'a'), enter('a2', 'a'), enter('a3', 'a'), enter('b1', 'b')];
    for (const name of ['a1', 'a2', 'b1', 'a3']) end(name);
    await Promise.all(calls);
    expect(started).toEqual(['a1', 'a2', 'b1', 'a3']);
  });

  it('rejects at once whoever finds the queue full, and later whoever waits too long', async () => {
    const { enter, end } = openCalls({ waitMs: 20 });
    const first = enter('first');
    const waiting = [enter('second'), enter('third')];
    await expect(enter('fourth')).rejects.toThrow(LimitExceededError);
    for (const late of waiting) await expect(late).rejects.toMatchObject({ retryAfterMs: 20 });
    end('first');
    await first;
    const next = enter('next');
    end('next');
    await expect(next).resolves.toBe('next');
  });

  it('forgets a caller who leaves while waiting, and keeps its place free for others', async () => {
    const { enter, started, end } = openCalls();
    const leaving = new AbortController();
    const first = enter('first');
    const second = enter('second', 'one', leaving.signal);
    const third = enter('third');
    leaving.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    end('first');
    end('third');
    await Promise.all([first, third]);
    expect(started).toEqual(['first', 'third']);
  });

  it('loses no place when a caller leaves in the moment of its turn, or when work fails', async () => {
    const { enter, end } = openCalls({ atOnce: 1 });
    const leaving = new AbortController();
    const first = enter('first');
    const second = enter('second', 'one', leaving.signal);
    end('first');
    leaving.abort(new Error('gone'));
    await Promise.allSettled([first, second]);
    const gate = createGate({ ...LIMITS, atOnce: 1 });
    const { signal } = leaving;
    await expect(gate({ key: 'one', signal }, () => Promise.resolve())).rejects.toThrow('gone');
    const caller = { key: 'one', signal: new AbortController().signal };
    await expect(gate(caller, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(gate(caller, () => Promise.resolve('served'))).resolves.toBe('served');
    const last = enter('last');
    end('last');
    await expect(last).resolves.toBe('last');
  });
});
