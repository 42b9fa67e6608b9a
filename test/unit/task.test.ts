import { describe, expect, it } from 'vitest';
import {
  isParentKind,
  isPartial,
  isTerminal,
  listStatesBefore,
  LIVE_STATES,
  parentOutcome,
  parentState,
  statesBefore,
  TASK_STATES,
  TERMINAL_STATES,
  type ChildCounts,
  type TaskState,
} from '../../src/tasks/task.js';

describe('what may follow what', () => {
  it('is this table, of every state', () => {
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

  it('is this for a list, which follows its parts', () => {
    const table = Object.fromEntries(
      TASK_STATES.map((state) => [
        state,
        TASK_STATES.filter((next) => listStatesBefore(next).includes(state)).join(' '),
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

  it('lets every live state be cancelled, and no ended one', () => {
    expect(new Set(statesBefore('CANCELLED'))).toEqual(new Set(LIVE_STATES));
  });

  it('lets only a running task end with success or failure', () => {
    for (const end of ['COMPLETED', 'SKIPPED', 'FAILED'] as const) {
      expect(statesBefore(end)).toEqual(['RUNNING']);
    }
  });

  it('lets a task never stay as it is: that would be an update without news', () => {
    for (const state of TASK_STATES) expect(listStatesBefore(state)).not.toContain(state);
  });

  it('knows every state as either live or ended', () => {
    expect([...LIVE_STATES, ...TERMINAL_STATES].sort()).toEqual([...TASK_STATES].sort());
    expect(TASK_STATES.filter(isTerminal).sort()).toEqual([...TERMINAL_STATES].sort());
  });

  it('takes albums, playlists and artists for lists of others, and nothing else', () => {
    expect((['TRACK', 'ALBUM', 'PLAYLIST', 'ARTIST', 'WATCH_CHECK'] as const).filter(isParentKind)).toEqual([
      'ALBUM',
      'PLAYLIST',
      'ARTIST',
    ]);
  });
});

describe('the end of a list', () => {
  const outcome = (counts: Partial<Omit<ChildCounts, 'total'>>) => {
    const parts = { succeeded: 0, skipped: 0, failed: 0, cancelled: 0, ...counts };
    const total = parts.succeeded + parts.skipped + parts.failed + parts.cancelled;
    return parentOutcome({ total, ...parts });
  };

  it.each([
    ['an empty list', {}, 'COMPLETED'],
    ['all parts completed', { succeeded: 3 }, 'COMPLETED'],
    ['one part completed, others failed', { succeeded: 1, failed: 2 }, 'COMPLETED'],
    ['one part completed, others cancelled', { succeeded: 1, cancelled: 2 }, 'COMPLETED'],
    ['one part completed, others skipped', { succeeded: 1, skipped: 2 }, 'COMPLETED'],
    ['all parts skipped', { skipped: 3 }, 'SKIPPED'],
    ['parts skipped and cancelled', { skipped: 1, cancelled: 1 }, 'SKIPPED'],
    ['parts skipped and failed', { skipped: 1, failed: 1 }, 'COMPLETED'],
    ['all parts failed', { failed: 3 }, 'FAILED'],
    ['parts failed and cancelled', { failed: 1, cancelled: 2 }, 'FAILED'],
    ['all parts cancelled', { cancelled: 3 }, 'CANCELLED'],
  ] as const)('of %s is told from its parts', (_what, counts, state) => {
    expect(outcome(counts)).toBe(state);
  });
});

describe('the state of a list whose parts are written', () => {
  const NONE = { total: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, live: 0, paused: 0 };
  const stateOf = (now: TaskState, counts: Partial<typeof NONE>) => parentState(now, { ...NONE, ...counts });

  it('is RUNNING while any live part is not paused, and PAUSED when all are, whatever it was', () => {
    for (const now of TASK_STATES) {
      expect(stateOf(now, { total: 3, live: 2, paused: 1 })).toBe('RUNNING');
      expect(stateOf(now, { total: 3, live: 2, paused: 0 })).toBe('RUNNING');
      expect(stateOf(now, { total: 3, live: 2, paused: 2, succeeded: 1 })).toBe('PAUSED');
    }
  });

  it('is told from its parts once none is live, unless it has ended already', () => {
    const counts = { total: 2, succeeded: 1, cancelled: 1 };
    expect(stateOf('RUNNING', counts)).toBe('COMPLETED');
    expect(stateOf('PAUSED', counts)).toBe('COMPLETED');
    for (const end of TERMINAL_STATES) expect(stateOf(end, counts)).toBe(end);
  });

  it('is one to which the table lets it go', () => {
    for (const now of ['RUNNING', 'PAUSED', ...TERMINAL_STATES] as const) {
      for (const counts of [{ live: 1 }, { live: 1, paused: 1 }, { succeeded: 1 }, { failed: 1 }, {}]) {
        const total = Object.values(counts).length === 0 ? 0 : 1;
        const next = stateOf(now, { total, ...counts });
        if (next !== now) expect(listStatesBefore(next), `${now} to ${next}`).toContain(now);
      }
    }
  });
});

describe('a partial success', () => {
  it('is a COMPLETED list of which parts failed or were cancelled', () => {
    expect(isPartial({ state: 'COMPLETED', failed: 1, cancelled: 0 })).toBe(true);
    expect(isPartial({ state: 'COMPLETED', failed: 0, cancelled: 1 })).toBe(true);
    expect(isPartial({ state: 'COMPLETED', failed: 0, cancelled: 0 })).toBe(false);
    expect(isPartial({ state: 'RUNNING', failed: 1, cancelled: 1 })).toBe(false);
    expect(isPartial({ state: 'FAILED', failed: 1, cancelled: 0 })).toBe(false);
  });
});
