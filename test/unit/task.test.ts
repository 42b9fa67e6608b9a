import { describe, expect, it } from 'vitest';
import {
  isParentKind,
  isPartial,
  isFinished,
  parentStatesBefore,
  ACTIVE_STATES,
  parentOutcome,
  parentState,
  statesBefore,
  TASK_STATES,
  FINISHED_STATES,
  type ChildCounts,
  type TaskState,
} from '../../src/tasks/task.js';

describe('the transitions between states', () => {
  it('are these for every state', () => {
    const table = Object.fromEntries(
      TASK_STATES.map((state) => [
        state,
        TASK_STATES.filter((next) => statesBefore(next).includes(state)).join(' '),
      ]),
    );
    expect(table).toMatchInlineSnapshot(`
      {
        "CANCELLED": "QUEUED",
        "COMPLETED": "",
        "FAILED": "QUEUED",
        "PAUSED": "QUEUED CANCELLED",
        "QUEUED": "RUNNING PAUSED CANCELLED",
        "RETRYING": "QUEUED PAUSED CANCELLED",
        "RUNNING": "QUEUED RETRYING COMPLETED SKIPPED FAILED CANCELLED",
        "SKIPPED": "",
      }
    `);
  });

  it('are these for a parent, which follows its children', () => {
    const table = Object.fromEntries(
      TASK_STATES.map((state) => [
        state,
        TASK_STATES.filter((next) => parentStatesBefore(next).includes(state)).join(' '),
      ]),
    );
    expect(table).toMatchInlineSnapshot(`
      {
        "CANCELLED": "QUEUED RUNNING PAUSED",
        "COMPLETED": "RUNNING PAUSED",
        "FAILED": "QUEUED RUNNING PAUSED",
        "PAUSED": "QUEUED RUNNING COMPLETED SKIPPED FAILED CANCELLED",
        "QUEUED": "RUNNING PAUSED CANCELLED",
        "RETRYING": "QUEUED PAUSED CANCELLED",
        "RUNNING": "QUEUED RETRYING PAUSED COMPLETED SKIPPED FAILED CANCELLED",
        "SKIPPED": "RUNNING PAUSED",
      }
    `);
  });

  it('allow every active state to be cancelled, and no finished one', () => {
    expect(new Set(statesBefore('CANCELLED'))).toEqual(new Set(ACTIVE_STATES));
  });

  it('allow only a running task to succeed or fail', () => {
    for (const end of ['COMPLETED', 'SKIPPED', 'FAILED'] as const) {
      expect(statesBefore(end)).toEqual(['RUNNING']);
    }
  });

  it('never lead to the same state: that would be an event without a change', () => {
    for (const state of TASK_STATES) expect(parentStatesBefore(state)).not.toContain(state);
  });

  it('cover every state as either active or finished', () => {
    expect([...ACTIVE_STATES, ...FINISHED_STATES].sort()).toEqual([...TASK_STATES].sort());
    expect(TASK_STATES.filter(isFinished).sort()).toEqual([...FINISHED_STATES].sort());
  });

  it('give children to all kinds but tracks', () => {
    expect((['TRACK', 'ALBUM', 'PLAYLIST', 'ARTIST', 'WATCH_CHECK'] as const).filter(isParentKind)).toEqual([
      'ALBUM',
      'PLAYLIST',
      'ARTIST',
      'WATCH_CHECK',
    ]);
  });
});

describe('the final state of a parent', () => {
  const outcome = (counts: Partial<Omit<ChildCounts, 'total'>>) => {
    const counted = { succeeded: 0, skipped: 0, failed: 0, cancelled: 0, ...counts };
    const total = counted.succeeded + counted.skipped + counted.failed + counted.cancelled;
    return parentOutcome({ total, ...counted });
  };

  it.each([
    ['no children', {}, 'COMPLETED'],
    ['all children completed', { succeeded: 3 }, 'COMPLETED'],
    ['one child completed, others failed', { succeeded: 1, failed: 2 }, 'COMPLETED'],
    ['one child completed, others cancelled', { succeeded: 1, cancelled: 2 }, 'COMPLETED'],
    ['one child completed, others skipped', { succeeded: 1, skipped: 2 }, 'COMPLETED'],
    ['all children skipped', { skipped: 3 }, 'SKIPPED'],
    ['children skipped and cancelled', { skipped: 1, cancelled: 1 }, 'SKIPPED'],
    ['children skipped and failed', { skipped: 1, failed: 1 }, 'COMPLETED'],
    ['all children failed', { failed: 3 }, 'FAILED'],
    ['children failed and cancelled', { failed: 1, cancelled: 2 }, 'FAILED'],
    ['all children cancelled', { cancelled: 3 }, 'CANCELLED'],
  ] as const)('follows from %s', (_what, counts, state) => {
    expect(outcome(counts)).toBe(state);
  });
});

describe('the state of an expanded parent', () => {
  const NONE = { total: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, active: 0, paused: 0 };
  const stateOf = (now: TaskState, counts: Partial<typeof NONE>) => parentState(now, { ...NONE, ...counts });

  it('is RUNNING while any active child is not paused, and PAUSED when all are, whatever it was', () => {
    for (const now of TASK_STATES) {
      expect(stateOf(now, { total: 3, active: 2, paused: 1 })).toBe('RUNNING');
      expect(stateOf(now, { total: 3, active: 2, paused: 0 })).toBe('RUNNING');
      expect(stateOf(now, { total: 3, active: 2, paused: 2, succeeded: 1 })).toBe('PAUSED');
    }
  });

  it('follows from its children once none is active, unless it has finished already', () => {
    const counts = { total: 2, succeeded: 1, cancelled: 1 };
    expect(stateOf('RUNNING', counts)).toBe('COMPLETED');
    expect(stateOf('PAUSED', counts)).toBe('COMPLETED');
    for (const end of FINISHED_STATES) expect(stateOf(end, counts)).toBe(end);
  });

  it('is one that the transitions allow', () => {
    for (const now of ['RUNNING', 'PAUSED', ...FINISHED_STATES] as const) {
      for (const counts of [{ active: 1 }, { active: 1, paused: 1 }, { succeeded: 1 }, { failed: 1 }, {}]) {
        const total = Object.values(counts).length === 0 ? 0 : 1;
        const next = stateOf(now, { total, ...counts });
        if (next !== now) expect(parentStatesBefore(next), `${now} to ${next}`).toContain(now);
      }
    }
  });
});

describe('a partial success', () => {
  it('is a COMPLETED parent with failed or cancelled children', () => {
    expect(isPartial({ state: 'COMPLETED', failed: 1, cancelled: 0 })).toBe(true);
    expect(isPartial({ state: 'COMPLETED', failed: 0, cancelled: 1 })).toBe(true);
    expect(isPartial({ state: 'COMPLETED', failed: 0, cancelled: 0 })).toBe(false);
    expect(isPartial({ state: 'RUNNING', failed: 1, cancelled: 1 })).toBe(false);
    expect(isPartial({ state: 'FAILED', failed: 1, cancelled: 0 })).toBe(false);
  });
});
