import { describe, expect, it } from 'vitest';
import {
  isParentKind,
  isTerminal,
  LIVE_STATES,
  parentOutcome,
  statesBefore,
  TASK_STATES,
  TERMINAL_STATES,
  type ChildCounts,
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
        "CANCELLED": "QUEUED RUNNING",
        "COMPLETED": "RUNNING",
        "FAILED": "QUEUED RUNNING",
        "PAUSED": "QUEUED CANCELLED",
        "QUEUED": "RUNNING PAUSED CANCELLED",
        "RETRYING": "QUEUED PAUSED CANCELLED",
        "RUNNING": "QUEUED RETRYING COMPLETED SKIPPED FAILED CANCELLED",
        "SKIPPED": "RUNNING",
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
    for (const state of TASK_STATES) expect(statesBefore(state)).not.toContain(state);
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
