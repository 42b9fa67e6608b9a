import { describe, expect, it } from 'vitest';
import { createCoverCache } from '../../src/catalog/cached-catalog.js';
import { never } from '../kit/audio.js';
import { makeAlbum, makeTrack } from '../kit/catalog-items.js';
import { createDistantCatalog } from '../kit/distant-catalog.js';

const trackOf = (album: string, at = 0) => makeTrack(`far:${album}-${at}`, { album: makeAlbum(album) });

function createCovers(sizeBytes = 100) {
  const far = createDistantCatalog('far', {
    fetchCover: ({ album }) =>
      Promise.resolve(album?.id === 'bare' ? null : new Uint8Array(sizeBytes).fill(album?.id.length ?? 0)),
  });
  return { far, fetchCover: createCoverCache(far.source) };
}

describe('covers', () => {
  it('are fetched once for the tracks of an album, at once and one after the other', async () => {
    const { far, fetchCover } = createCovers();
    const together = [0, 1, 2].map((at) => fetchCover(trackOf('one', at), never));
    for (const cover of await Promise.all(together)) expect(cover).toEqual(new Uint8Array(100).fill(3));
    await fetchCover(trackOf('one', 3), never);
    await fetchCover(trackOf('other'), never);
    expect(far.calls).toHaveLength(2);
  });

  it('are those of the track itself where it is on no album', async () => {
    const { far, fetchCover } = createCovers();
    await fetchCover(makeTrack('far:1'), never);
    await fetchCover(makeTrack('far:2'), never);
    expect(far.calls).toHaveLength(2);
  });

  it('are kept for the sixteen albums requested last, and fetched again for others', async () => {
    const { far, fetchCover } = createCovers();
    const albums = Array.from({ length: 16 }, (_, at) => `album ${at}`);
    for (const album of albums) await fetchCover(trackOf(album), never);
    await fetchCover(trackOf('album 0'), never);
    await fetchCover(trackOf('album 16'), never);
    expect(far.calls).toHaveLength(17);
    for (const album of ['album 0', 'album 2', 'album 16']) await fetchCover(trackOf(album), never);
    expect(far.calls).toHaveLength(17);
    await fetchCover(trackOf('album 1'), never);
    expect(far.calls).toHaveLength(18);
  });

  it('are not kept when they are large, missing or could not be fetched', async () => {
    const { far, fetchCover } = createCovers(2 * 1024 * 1024);
    for (const album of ['large', 'bare']) {
      await fetchCover(trackOf(album), never);
      await fetchCover(trackOf(album), never);
    }
    expect(far.calls).toHaveLength(4);
    far.failWith(new Error('It is down.'));
    await expect(fetchCover(trackOf('one'), never)).rejects.toThrow('It is down.');
    far.failWith(null);
    expect(await fetchCover(trackOf('one'), never)).toHaveLength(2 * 1024 * 1024);
  });
});
