import { describe, expect, it } from 'vitest';
import { createTurns } from '../../src/queue/turns.js';

const never = new AbortController().signal;

/** Takes a turn, and notes under its name when it has begun. */
function createStage() {
  const turns = createTurns();
  const begun: string[] = [];
  const take = (taskId: string, options: { alone?: boolean; signal?: AbortSignal } = {}) =>
    turns.take({ taskId, alone: options.alone ?? false }, options.signal ?? never).then((leave) => {
      if (leave) begun.push(taskId);
      return leave;
    });
  return { begun, take };
}

describe('turns', () => {
  it('let tasks run together', async () => {
    const { begun, take } = createStage();
    await Promise.all([take('a'), take('b')]);
    expect(begun).toEqual(['a', 'b']);
  });

  it('let a task that has to be alone begin when all before it have ended, and those after it then', async () => {
    const { begun, take } = createStage();
    const [leaveA, leaveB] = await Promise.all([take('a'), take('b')]);
    const alone = take('suspect', { alone: true });
    const after = take('c');
    leaveA?.();
    await Promise.resolve();
    expect(begun).toEqual(['a', 'b']);
    leaveB?.();
    const leave = await alone;
    expect(begun).toEqual(['a', 'b', 'suspect']);
    leave?.();
    await after;
    expect(begun).toEqual(['a', 'b', 'suspect', 'c']);
  });

  it('refuse a task that already waits', async () => {
    const { take } = createStage();
    await take('a');
    void take('suspect', { alone: true });
    expect(await take('suspect', { alone: true })).toBeNull();
  });

  it('reject a task that waits when its signal aborts, and go on without it', async () => {
    const { begun, take } = createStage();
    await take('a');
    const stopping = new AbortController();
    const alone = take('suspect', { alone: true, signal: stopping.signal });
    const after = take('c');
    stopping.abort(new Error('the process is stopping'));
    await expect(alone).rejects.toThrow('the process is stopping');
    await after;
    expect(begun).toEqual(['a', 'c']);
  });
});
