import { describe, expect, it } from 'vitest';
import {
  compareList,
  type KnownMember,
  type ListedItem,
  type Reading,
} from '../../src/watches/compare-list.js';
import { latestDueSeconds, secondsToNextCheck, wantedOrigins } from '../../src/watches/watch.js';

const item = (itemId: string, own: Partial<ListedItem> = {}): ListedItem => ({
  ...{ itemId, title: `Title of ${itemId}`, positions: [0], available: true, explicit: false },
  ...own,
});

const member = (itemId: string, own: Partial<KnownMember> = {}): KnownMember => ({
  ...{
    itemId,
    title: `Title of ${itemId}`,
    positions: [0],
    state: 'KNOWN',
    origin: 'FIRST',
    removedAt: null,
  },
  ...own,
});

const reading = (listed: ListedItem[], complete = true): Reading => ({
  listed: new Map(listed.map((each) => [each.itemId, each])),
  items: new Map(),
  unnamedCount: 0,
  groups: [],
  complete,
  notice: null,
});

const members = (...all: KnownMember[]) => new Map(all.map((each) => [each.itemId, each]));
const LATER = { isFirst: false, explicitFilter: false };

describe('the comparison of a list with its members', () => {
  it('finds nothing where nothing changed', () => {
    const change = compareList(reading([item('a'), item('b')]), members(member('a'), member('b')), LATER);
    expect(change).toEqual({ changed: [], added: 0, removed: [] });
  });

  it('adds what is new, by whether it is the first reading', () => {
    const origins = [true, false].map(
      (isFirst) => compareList(reading([item('a')]), members(), { ...LATER, isFirst }).changed[0]?.origin,
    );
    expect(origins).toEqual(['FIRST', 'ADDED']);
  });

  it('takes a move for a change of positions alone', () => {
    const change = compareList(
      reading([item('a', { positions: [3, 7] })]),
      members(member('a', { positions: [0, 7] })),
      LATER,
    );
    expect(change).toMatchObject({ added: 0, removed: [], changed: [{ positions: [3, 7], state: 'KNOWN' }] });
  });

  it('removes what left, once, and only after a complete reading', () => {
    const known = members(member('a'), member('gone', { removedAt: new Date() }));
    expect(compareList(reading([]), known, LATER).removed).toEqual(['a']);
    expect(compareList(reading([], false), known, LATER).removed).toEqual([]);
  });

  it('brings back what had left, as what it was', () => {
    const known = members(member('a', { removedAt: new Date(), state: 'FAILED', origin: 'ADDED' }));
    expect(compareList(reading([item('a')]), known, LATER)).toMatchObject({
      added: 0,
      changed: [{ state: 'FAILED', origin: 'ADDED' }],
    });
  });

  it('tells what cannot be downloaded, and when it can be again', () => {
    const stateOf = (own: Partial<ListedItem>, before: KnownMember | null, explicitFilter = true) =>
      compareList(reading([item('a', own)]), before ? members(before) : members(), {
        isFirst: false,
        explicitFilter,
      }).changed[0]?.state;
    expect(stateOf({ explicit: true }, null)).toBe('EXCLUDED');
    expect(stateOf({ explicit: true }, null, false)).toBe('MISSING');
    expect(stateOf({ available: false, title: '' }, null)).toBe('UNAVAILABLE');
    expect(stateOf({}, member('a', { state: 'UNAVAILABLE' }))).toBe('MISSING');
    // What is had or on its way stays so.
    expect(stateOf({ available: false }, member('a', { state: 'QUEUED' }))).toBeUndefined();
  });

  it('keeps the title of an entry that is gone', () => {
    const change = compareList(
      reading([item('a', { available: false, title: '' })]),
      members(member('a', { state: 'MISSING' })),
      LATER,
    );
    expect(change.changed).toMatchObject([{ title: 'Title of a', state: 'UNAVAILABLE' }]);
  });
});

describe('the next check', () => {
  const next = (failures: number, random = () => 0.5) =>
    secondsToNextCheck({ failures, intervalSeconds: 3_600, random });

  it('is an interval later, give or take a tenth', () => {
    expect([next(0), next(0, () => 0), next(0, () => 1)]).toEqual([3_600, 3_240, 3_960]);
  });

  it('is later after each failure, up to a day, or the interval if that is longer', () => {
    expect([1, 2, 3, 4, 5, 500].map((failures) => next(failures))).toEqual([
      7_200, 14_400, 28_800, 57_600, 86_400, 86_400,
    ]);
    expect(secondsToNextCheck({ failures: 9, intervalSeconds: 1_000_000, random: () => 0.5 })).toBe(
      1_000_000,
    );
  });

  it('is never later than what counts as written by a wrong clock', () => {
    for (const watchPollIntervalSeconds of [60, 3_600, 2_592_000]) {
      const latest = secondsToNextCheck({
        failures: 50,
        intervalSeconds: watchPollIntervalSeconds,
        random: () => 1,
      });
      expect(latest).toBeLessThan(latestDueSeconds({ watchPollIntervalSeconds }));
    }
  });
});

it('downloads by the options of a watch, and what was asked for in any case', () => {
  expect(wantedOrigins({ downloadExisting: false, downloadNew: true })).toEqual(['ADDED', 'REQUESTED']);
  expect(wantedOrigins({ downloadExisting: true, downloadNew: false })).toEqual(['FIRST', 'REQUESTED']);
  expect(wantedOrigins({ downloadExisting: false, downloadNew: false })).toEqual(['REQUESTED']);
});
