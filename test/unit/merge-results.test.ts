import { describe, expect, it } from 'vitest';
import type { CatalogItem } from '../../src/catalog/catalog-item.js';
import { mergeResults } from '../../src/catalog/merge-results.js';
import { makeAlbum, makeArtist, makePlaylist, makeTrack } from '../kit/catalog-items.js';

const BY = [{ id: '', name: 'Kelp & Lantern' }];
const track = (id: string, own: Parameters<typeof makeTrack>[1] = {}) =>
  makeTrack(id, { title: 'Slack Water', artists: BY, ...own });
const album = (id: string, own: Parameters<typeof makeAlbum>[1] = {}) =>
  makeAlbum(id, { title: 'Moorings', artists: BY, trackTotal: 9, ...own });

const merge = (...lists: CatalogItem[][]) =>
  mergeResults(lists.map((items) => ({ items, marksExplicit: true }))).map(({ id }) => id);

describe('merged results', () => {
  it('come by rank, and of each rank in the order of preference', () => {
    const list = (name: string, count: number) =>
      Array.from({ length: count }, (_, n) => makeTrack(`${name}:${n}`));
    expect(merge(list('a', 1), list('b', 3), list('c', 2))).toEqual([
      'a:0',
      'b:0',
      'c:0',
      'b:1',
      'c:1',
      'b:2',
    ]);
  });

  it('have a recording once, at its best rank, as the preferred catalog has it', () => {
    const other = makeTrack('b:1', { title: 'Ebb' });
    expect(merge([makeTrack('a:9'), track('a:1')], [track('b:2'), other])).toEqual(['a:9', 'a:1', 'b:1']);
  });

  it('take an equal ISRC for the same recording, however it is written, and another title', () => {
    const one = track('a:1', { isrc: 'XX-KEL-21-00001' });
    expect(merge([one], [track('b:1', { isrc: 'xxkel2100001', title: 'Slackwater' })])).toEqual(['a:1']);
  });

  it('tell recordings apart by length, version, artist and, with the same code, by a very different length', () => {
    const one = track('a:1', { isrc: 'XXKEL2100001' });
    for (const own of [
      { durationMs: 204_000 },
      { durationMs: null },
      { title: 'Slack Water (Live)' },
      { artists: [{ id: '', name: 'Somebody Else' }] },
      { isrc: 'XXKEL2100001', durationMs: 260_000 },
    ]) {
      expect(merge([one], [track('b:1', own)])).toEqual(['a:1', 'b:1']);
    }
    expect(merge([one], [track('b:1', { durationMs: 202_500 })])).toEqual(['a:1']);
  });

  it('keep a censored version beside the explicit one, unless a list does not say which it has', () => {
    const [explicit, clean] = [track('a:1', { explicit: true }), track('b:1')];
    expect(merge([explicit], [clean])).toEqual(['a:1', 'b:1']);
    const lists = [
      { items: [clean], marksExplicit: false },
      { items: [explicit], marksExplicit: true },
    ];
    expect(mergeResults(lists).map(({ id }) => id)).toEqual(['b:1']);
  });

  it('have an album once by its bar code, else by title, artist and number of tracks in another catalog', () => {
    const one = album('a:1', { upc: '012345678905' });
    expect(merge([one], [album('b:1', { upc: '0012345678905', title: 'Moorings (Deluxe)' })])).toEqual([
      'a:1',
    ]);
    expect(merge([one], [album('b:1')])).toEqual(['a:1']);
    expect(merge([one], [album('b:1', { trackTotal: 12 })])).toEqual(['a:1', 'b:1']);
    expect(merge([one, album('a:2')])).toEqual(['a:1', 'a:2']);
    expect(merge([album('a:1', { artists: [] })], [album('b:1', { artists: [] })])).toEqual(['a:1', 'b:1']);
  });

  it('never merge artists or playlists, whose names prove nothing', () => {
    expect(merge([makeArtist('a:1', { name: 'Ada' })], [makeArtist('b:1', { name: 'Ada' })])).toHaveLength(2);
    expect(merge([makePlaylist('a:1', { title: 'X' })], [makePlaylist('b:1', { title: 'X' })])).toHaveLength(
      2,
    );
  });

  it('are the same for the same lists, whichever page is taken', () => {
    const lists = ['a', 'b', 'c'].map((name) =>
      Array.from({ length: 50 }, (_, n) => track(`${name}:${n}`, { title: `Slack Water ${(n * 7) % 20}` })),
    );
    const all = merge(...lists);
    expect(merge(...lists)).toEqual(all);
    expect(all).toHaveLength(20);
  });
});
