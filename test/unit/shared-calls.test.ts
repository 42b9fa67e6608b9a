import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createDeferred, createSharedCalls } from '../../src/lib/async.js';
import { never } from '../kit/audio.js';

describe('shared work', () => {
  it('is done once for concurrent callers, and again for later ones', async () => {
    const share = createSharedCalls();
    let runs = 0;
    const work = () => Promise.resolve((runs += 1));
    const together = await Promise.all(Array.from({ length: 20 }, () => share('a', never, work)));
    expect(together).toEqual(Array.from({ length: 20 }, () => 1));
    expect(await share('a', never, work)).toBe(2);
  });

  it('is separated by its key', async () => {
    const share = createSharedCalls();
    const keys = ['a', 'b', '__proto__'];
    expect(await Promise.all(keys.map((key) => share(key, never, () => Promise.resolve(key))))).toEqual(keys);
  });

  it('fails for all waiting callers, and is tried again for later ones', async () => {
    const share = createSharedCalls();
    const fail = () => Promise.reject(new Error('broken'));
    const outcomes = await Promise.allSettled([share('a', never, fail), share('a', never, fail)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await share('a', never, () => Promise.resolve('fine'))).toBe('fine');
  });

  it('continues when one caller leaves, and stops when the last one has', async () => {
    const share = createSharedCalls();
    const held = createDeferred<string>();
    const signals: AbortSignal[] = [];
    const work = (signal: AbortSignal) => {
      signals.push(signal);
      return held.promise;
    };
    const [first, second] = [new AbortController(), new AbortController()];
    const one = share('a', first.signal, work);
    const other = share('a', second.signal, work);
    first.abort(new Error('left'));
    await expect(one).rejects.toThrow('left');
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    second.abort(new Error('left too'));
    await expect(other).rejects.toThrow('left too');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);

    const again = share('a', never, () => Promise.resolve('anew'));
    held.reject(new Error('nobody hears it'));
    expect(await again).toBe('anew');
  });

  it('stays shared when an earlier run, which all had left, ends late', async () => {
    const share = createSharedCalls();
    const [late, held] = [createDeferred<string>(), createDeferred<string>()];
    const left = new AbortController();
    const first = share('a', left.signal, () => late.promise);
    left.abort(new Error('left'));
    await expect(first).rejects.toThrow('left');
    const second = share('a', never, () => held.promise);
    late.resolve('late');
    await turn();
    const third = share('a', never, () => Promise.resolve('run once too often'));
    held.resolve('shared');
    expect(await Promise.all([second, third])).toEqual(['shared', 'shared']);
  });

  it('is not started for a caller that has left already', async () => {
    const share = createSharedCalls();
    let runs = 0;
    const asked = share('a', AbortSignal.abort(new Error('gone')), () => Promise.resolve((runs += 1)));
    await expect(asked).rejects.toThrow('gone');
    expect(runs).toBe(0);
  });
});
