import { describe, expect, it } from 'vitest';
import {
  albumSchema,
  ALBUM_GROUPS,
  artistSchema,
  catalogItemSchema,
  CATALOG_TYPES,
  episodeSchema,
  picturesOf,
  playlistSchema,
  showSchema,
  trackSchema,
} from '../../src/catalog/catalog-item.js';
import { playlistEntrySchema, type CatalogSource, type Page } from '../../src/catalog/catalog-source.js';
import { parseItemReference } from '../../src/catalog/item-reference.js';

/** Things that a catalog has, for the tests that follow. */
export interface CatalogSample {
  catalog: CatalogSource;
  /** Found by these words, each by the first page. */
  words: Partial<Record<(typeof CATALOG_TYPES)[number], string>>;
  track: string;
  /** With two tracks at least. */
  album: string;
  /** With ten entries at least; null for a catalog without playlists. */
  playlist: string | null;
  /** With two albums at least. */
  artist: string;
  show: string | null;
  episode: string | null;
  missing: string;
}

const signal = () => new AbortController().signal;
const idsOf = ({ items }: Page<{ id: string } | null>) => items.map((item) => item?.id ?? null);

/** What every catalog promises (catalog-source.ts). */
export function describeCatalogSource(name: string, open: () => CatalogSample): void {
  const first = { offset: 0, limit: 10 };

  describe(`the catalog contract: ${name}`, () => {
    it('has ids of its own that may be requested', async () => {
      const { catalog, track, album, playlist, artist, show, episode } = open();
      for (const id of [track, album, playlist, artist, show, episode].filter((each) => each !== null)) {
        expect(id.startsWith(`${catalog.provider}:`)).toBe(true);
        expect(parseItemReference(id, 'other').id).toBe(id);
      }
      expect(await catalog.findTrack(track, signal())).toMatchObject({ type: 'TRACK', id: track });
    });

    it('finds each type of item, in the stored form', async () => {
      const { catalog, track, album, playlist, artist, show, episode } = open();
      const found = await catalog.findTrack(track, signal());
      expect(trackSchema.parse(found)).toEqual(found);
      const foundAlbum = await catalog.findAlbum(album, signal());
      expect(albumSchema.parse(foundAlbum)).toEqual(foundAlbum);
      const foundPlaylist = playlist === null ? null : await catalog.findPlaylist(playlist, signal());
      expect(playlistSchema.nullable().parse(foundPlaylist)).toEqual(foundPlaylist);
      const foundArtist = await catalog.findArtist(artist, signal());
      expect(artistSchema.parse(foundArtist)).toEqual(foundArtist);
      if (show === null || episode === null) return;
      const foundShow = await catalog.findShow(show, signal());
      expect(showSchema.parse(foundShow)).toEqual(foundShow);
      const foundEpisode = await catalog.findEpisode(episode, signal());
      expect(episodeSchema.parse(foundEpisode)).toEqual(foundEpisode);
    });

    it('survives being stored as JSON', async () => {
      const { catalog, track } = open();
      const found = await catalog.findTrack(track, signal());
      expect(trackSchema.parse(JSON.parse(JSON.stringify(found)))).toEqual(found);
    });

    it('finds the same thing by its code, if it can look codes up', async () => {
      const { catalog, track, album } = open();
      const found = await catalog.findTrack(track, signal());
      if (found?.isrc && catalog.findTrackByIsrc) {
        const { isrc } = found;
        expect(await catalog.findTrackByIsrc(isrc, signal())).toMatchObject({ type: 'TRACK', isrc });
      }
      const foundAlbum = await catalog.findAlbum(album, signal());
      if (foundAlbum?.upc && catalog.findAlbumByUpc) {
        const { upc } = foundAlbum;
        expect(await catalog.findAlbumByUpc(upc, signal())).toMatchObject({ type: 'ALBUM', upc });
      }
      for (const code of ['XXNOT9999999', '', '../x', '0'])
        expect((await catalog.findTrackByIsrc?.(code, signal())) ?? null).toBeNull();
      for (const code of ['4000000000000', '', '../x'])
        expect((await catalog.findAlbumByUpc?.(code, signal())) ?? null).toBeNull();
    });

    it('finds nothing for what it lacks, and for ids of other catalogs', async () => {
      const { catalog, missing } = open();
      for (const id of [missing, 'elsewhere:1', `${catalog.provider}:`, '']) {
        expect(await catalog.findTrack(id, signal())).toBeNull();
        expect(await catalog.findAlbum(id, signal())).toBeNull();
        expect(await catalog.findPlaylist(id, signal())).toBeNull();
        expect(await catalog.findArtist(id, signal())).toBeNull();
        expect(await catalog.findShow(id, signal())).toBeNull();
        expect(await catalog.findEpisode(id, signal())).toBeNull();
        const nothing = { items: [], total: 0 };
        expect(await catalog.listAlbumTracks(id, first, signal())).toEqual(nothing);
        expect(await catalog.listPlaylistEntries(id, first, signal())).toEqual(nothing);
        expect(await catalog.listShowEpisodes(id, first, signal())).toEqual(nothing);
        const query = { ...first, groups: ALBUM_GROUPS };
        expect(await catalog.listArtistAlbums(id, query, signal())).toEqual(nothing);
      }
    });

    it('searches each type, and pages through what it finds', async () => {
      const { catalog, words } = open();
      for (const type of CATALOG_TYPES) {
        const text = words[type];
        if (text === undefined) continue;
        const page = await catalog.search({ text, type, ...first }, signal());
        expect(page.items.length).toBeGreaterThan(0);
        expect(page.total).toBeGreaterThanOrEqual(page.items.length);
        for (const item of page.items) {
          expect(item.type).toBe(type);
          expect(catalogItemSchema.parse(item)).toEqual(item);
        }
        const second = await catalog.search({ text, type, offset: 1, limit: 1 }, signal());
        expect(idsOf(second)).toEqual(idsOf(page).slice(1, 2));
      }
      const text = 'zzzz qqqq no such thing';
      expect(await catalog.search({ text, type: 'TRACK', ...first }, signal())).toEqual({
        items: [],
        total: 0,
      });
    });

    it('lists an album in order, each track with the album and its place', async () => {
      const { catalog, album } = open();
      const whole = await catalog.findAlbum(album, signal());
      const { items, total } = await catalog.listAlbumTracks(album, { offset: 0, limit: 1_000 }, signal());
      expect(items).toHaveLength(total);
      expect(whole).toMatchObject({ trackTotal: total });
      const places = items.map(
        ({ discNumber, trackNumber }) => (discNumber ?? 0) * 1_000 + (trackNumber ?? 0),
      );
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(new Set(places).size).toBe(total);
      for (const each of items) {
        expect(trackSchema.parse(each)).toEqual(each);
        expect(each.album).toEqual(whole);
        expect(each.isrc).not.toBe('');
      }
      const [one, two] = items;
      expect(idsOf(await catalog.listAlbumTracks(album, { offset: 1, limit: 1 }, signal()))).toEqual([
        two?.id,
      ]);
      // A list may know fewer of the artists.
      const alone = await catalog.findTrack(one?.id ?? '', signal());
      expect({ ...alone, artists: alone?.artists.slice(0, 1) }).toEqual(
        one && { ...one, artists: one.artists.slice(0, 1) },
      );
    });

    it('lists a playlist in pages that join without a gap', async () => {
      const { catalog, playlist } = open();
      if (playlist === null) return;
      const { total } = (await catalog.findPlaylist(playlist, signal())) ?? { total: -1 };
      const page = await catalog.listPlaylistEntries(playlist, first, signal());
      expect(page.total).toBe(total);
      for (const entry of page.items) expect(playlistEntrySchema.parse(entry)).toEqual(entry);
      const parts = [];
      for (const offset of [0, 3, 6]) {
        parts.push(...(await catalog.listPlaylistEntries(playlist, { offset, limit: 3 }, signal())).items);
      }
      expect(parts.map((entry) => entry.track?.id)).toEqual(
        page.items.slice(0, 9).map((entry) => entry.track?.id),
      );
      const end = await catalog.listPlaylistEntries(playlist, { offset: total, limit: 10 }, signal());
      expect(end).toEqual({ items: [], total });
    });

    it('lists the albums of an artist by kind, each in one kind', async () => {
      const { catalog, artist } = open();
      const list = (groups: typeof ALBUM_GROUPS) =>
        catalog.listArtistAlbums(artist, { offset: 0, limit: 1_000, groups }, signal());
      const all = await list(ALBUM_GROUPS);
      expect(all.items.length).toBeGreaterThanOrEqual(2);
      const parts = await Promise.all(ALBUM_GROUPS.map((group) => list([group])));
      for (const [index, part] of parts.entries())
        for (const each of part.items) expect(each.group).toBe(ALBUM_GROUPS[index]);
      expect(parts.flatMap(idsOf).sort()).toEqual(idsOf(all).sort());
      expect(parts.reduce((sum, { total }) => sum + total, 0)).toBe(all.total);
      for (const each of all.items) expect(albumSchema.parse(each)).toEqual(each);
      expect((await list([])).items).toEqual([]);
    });

    it('lists the episodes of a show, the newest first', async () => {
      const { catalog, show } = open();
      if (show === null) return;
      const { items, total } = await catalog.listShowEpisodes(show, { offset: 0, limit: 1_000 }, signal());
      expect(await catalog.findShow(show, signal())).toMatchObject({ total });
      expect(items).toHaveLength(total);
      const dates = items.map(({ releaseDate }) => releaseDate ?? '');
      expect(dates).toEqual(dates.toSorted().reverse());
      const second = await catalog.listShowEpisodes(show, { offset: 1, limit: 1 }, signal());
      expect(idsOf(second)).toEqual([items[1]?.id]);
    });

    it('fetches a cover as JPEG or PNG of what has pictures', async () => {
      const { catalog, track, album } = open();
      const items = [await catalog.findTrack(track, signal()), await catalog.findAlbum(album, signal())];
      for (const found of items) {
        if (!found) throw new Error(`no track ${track} or no album ${album}`);
        const cover = await catalog.fetchCover(found, signal());
        // Whether files of the owner have a picture is found out only where it is read.
        if (cover || !catalog.isOwnMusic) expect(picturesOf(found).length > 0).toBe(cover !== null);
        if (cover) expect([0xff, 0x89]).toContain(cover[0]);
      }
    });

    it('stops with the signal of its caller, if it is remote', async () => {
      const { catalog, track, album, playlist, artist, show, episode } = open();
      if (!catalog.remote) return;
      const left = AbortSignal.abort(new Error('left'));
      const query = { ...first, groups: ALBUM_GROUPS };
      const requests = [
        catalog.search({ text: 'a', type: 'TRACK', ...first }, left),
        catalog.findTrack(track, left),
        catalog.findAlbum(album, left),
        catalog.findArtist(artist, left),
        catalog.listAlbumTracks(album, first, left),
        catalog.listArtistAlbums(artist, query, left),
        ...(playlist === null
          ? []
          : [catalog.findPlaylist(playlist, left), catalog.listPlaylistEntries(playlist, first, left)]),
        ...(show === null ? [] : [catalog.findShow(show, left), catalog.listShowEpisodes(show, first, left)]),
        ...(episode === null ? [] : [catalog.findEpisode(episode, left)]),
      ];
      for (const ended of await Promise.allSettled(requests)) {
        expect(ended).toMatchObject({ status: 'rejected', reason: { message: 'left' } });
      }
    });
  });
}
