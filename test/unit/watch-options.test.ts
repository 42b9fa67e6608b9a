import { describe, expect, it } from 'vitest';
import { compareList, type KnownMember, type ListedItem } from '../../src/watches/compare-list.js';
import { createExclusion, downloadOf, NO_FILTER, type WatchFilter } from '../../src/watches/watch-options.js';

const excludes = (filter: Partial<WatchFilter>, item: Partial<ListedItem>, explicitFilter = false) =>
  createExclusion(
    { ...NO_FILTER, ...filter },
    { explicitFilter },
  )({
    ...{ title: 'Any Title', explicit: false, durationMs: 180_000 },
    ...item,
  });

describe('a filter of titles', () => {
  it.each([
    ['live', 'Song (Live)', true],
    ['LIVE', 'song - live at the quay', true],
    ['live', 'Alive', false],
    ['live', 'Lively', false],
    ['live at', 'Live, at Home', true],
    ['cafe', 'Café del Mar', true],
    ['Café', 'CAFE', true],
    ['zwolf', 'Windstärke zwölf', true],
    ['rock & roll', 'Rock and Roll', true],
    ['夜', '夜のフェリー', true],
    ['フェリー', '夜のフェリー', true],
    ['ночь', 'Белая Ночь', true],
    ['.*', 'Anything', false],
    ['%', '100 % Me', false],
  ])('finds %j in %j: %s', (text, title, found) => {
    expect(excludes({ titleExcludes: [text] }, { title })).toBe(found ? 'TITLE' : null);
    expect(excludes({ titleIncludes: [text] }, { title })).toBe(found ? null : 'TITLE');
  });

  it('wants one of the texts to include and none of those to exclude', () => {
    const filter = { titleIncludes: ['ferry', 'boat'], titleExcludes: ['remix', 'live'] };
    const reasons = ['Night Ferry', 'A Boat', 'Ferry (Remix)', 'Boat Live', 'Train'].map((title) =>
      excludes(filter, { title }),
    );
    expect(reasons).toEqual([null, null, 'TITLE', 'TITLE', 'TITLE']);
  });
});

describe('a filter of lengths', () => {
  it('compares whole seconds, its bounds included', () => {
    const filter = { minDurationSeconds: 10, maxDurationSeconds: 20 };
    const reasons = [9_499, 9_500, 10_000, 20_499, 20_500].map((durationMs) =>
      excludes(filter, { durationMs }),
    );
    expect(reasons).toEqual(['DURATION', null, null, null, 'DURATION']);
  });

  it('takes what has no known length', () => {
    expect(excludes({ minDurationSeconds: 10 }, { durationMs: null })).toBeNull();
    expect(excludes({ maxDurationSeconds: 10 }, { durationMs: null })).toBeNull();
  });
});

describe('explicit tracks', () => {
  it('are left out by the server or by the watch', () => {
    const reasons = [
      [false, false],
      [true, false],
      [false, true],
    ].map(([server, own]) => excludes({ skipExplicit: own ?? false }, { explicit: true }, server));
    expect(reasons).toEqual([null, 'EXPLICIT', 'EXPLICIT']);
    expect(excludes({ skipExplicit: true }, { explicit: false })).toBeNull();
  });
});

const listed: ListedItem = {
  ...{ itemId: 'a', title: 'Ferry (Live)', positions: [0], available: true, explicit: false },
  durationMs: 200_000,
};
const member: KnownMember = {
  ...{ itemId: 'a', title: 'Ferry (Live)', positions: [0], state: 'MISSING', exclusion: null },
  ...{ origin: 'ADDED', removedAt: null },
};

/** Null where nothing changes. */
function rowOf(filter: Partial<WatchFilter>, own: Partial<KnownMember> | null = {}, explicit = false) {
  const { changed } = compareList(
    [{ ...listed, explicit }],
    new Map(own ? [['a', { ...member, ...own }]] : []),
    { isFirst: false, explicitFilter: explicit, filter: { ...NO_FILTER, ...filter } },
  );
  const [row] = changed;
  return row ? { state: row.state, exclusion: row.exclusion } : null;
}

describe('a member that a filter leaves out', () => {
  const filter = { titleExcludes: ['live'] };
  const excluded = { state: 'EXCLUDED', exclusion: 'TITLE' } as const;

  it('is EXCLUDED with the reason, new or not', () => {
    expect(rowOf(filter, null)).toEqual(excluded);
    expect(rowOf(filter)).toEqual(excluded);
    expect(rowOf(filter, excluded)).toBeNull();
  });

  it('gets another reason when the filter changes, and is wanted when none is left', () => {
    expect(rowOf({ maxDurationSeconds: 9 }, excluded)).toEqual({ state: 'EXCLUDED', exclusion: 'DURATION' });
    expect(rowOf({}, excluded)).toEqual({ state: 'MISSING', exclusion: null });
  });

  it('stays what it is once it is had or on its way', () => {
    for (const state of ['KNOWN', 'QUEUED'] as const) expect(rowOf(filter, { state })).toBeNull();
  });

  it('is not tried again after a failure', () => {
    expect(rowOf(filter, { state: 'FAILED' })).toEqual(excluded);
    expect(rowOf({}, { state: 'FAILED' })).toBeNull();
  });

  it('is wanted all the same when a person requested it, unless the server forbids it', () => {
    expect(rowOf(filter, { origin: 'REQUESTED' })).toBeNull();
    expect(rowOf(filter, { origin: 'REQUESTED' }, true)).toEqual({
      state: 'EXCLUDED',
      exclusion: 'EXPLICIT',
    });
  });
});

describe('stored options of downloads', () => {
  it('are used without those that are no longer allowed', () => {
    const download = {
      format: 'MP3',
      bitrateKbps: 192,
      padNumberWidth: 'auto',
      saveCover: 'maybe',
      other: 1,
    };
    expect(downloadOf({ download })).toEqual({ format: 'MP3', bitrateKbps: 192, padNumberWidth: 'auto' });
    expect(downloadOf({ download: { format: 'MP3', bitrateKbps: 9_000 } })).toMatchObject({
      ...{ format: 'MP3', bitrateKbps: null },
    });
    expect(downloadOf({ download: { format: 'MIDI', bitrateKbps: 192 } }).bitrateKbps).toBeNull();
  });
});
