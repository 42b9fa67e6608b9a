import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Album, CatalogItem, CatalogType, Track } from '../../src/catalog/catalog-item.js';
import { ALBUM_GROUPS } from '../../src/catalog/catalog-item.js';
import { createDemoCatalog, SHOWCASE_ALBUM_ID, TROUBLE_ALBUM_ID } from '../../src/upstream/demo/catalog.js';
import { createCollection } from '../../src/upstream/demo/collection.js';
import { TROUBLES } from '../../src/upstream/demo/music.js';

const catalog = createDemoCatalog();
const collection = createCollection();
const never = new AbortController().signal;
const everything = { offset: 0, limit: 10_000 };

const idsOf = (slugs: ReadonlyMap<string, unknown>) => [...slugs.keys()].map((slug) => `demo:${slug}`);
const [albumIds, trackIds, artistIds, playlistIds, showIds, episodeIds] = [
  collection.albums,
  collection.tracks,
  collection.artists,
  collection.playlists,
  collection.shows,
  collection.episodes,
].map(idsOf) as [string[], string[], string[], string[], string[], string[]];

const all = async <T>(ids: string[], find: (id: string) => Promise<T | null>) =>
  (await Promise.all(ids.map(find))).filter((item) => item !== null);

const findAlbums = (from = catalog) => all(albumIds, (id) => from.findAlbum(id, never));
const findTracks = (from = catalog, ids = trackIds) => all(ids, (id) => from.findTrack(id, never));
const findArtists = (from = catalog) => all(artistIds, (id) => from.findArtist(id, never));
const findPlaylists = (from = catalog) => all(playlistIds, (id) => from.findPlaylist(id, never));

const search = async (text: string, type: CatalogType = 'TRACK', page = everything) =>
  catalog.search({ text, type, ...page }, never);

const names = (items: CatalogItem[]) =>
  items.map((item) => (item.type === 'ARTIST' ? item.name : item.title));

const albumTracks = async (id: string) => (await catalog.listAlbumTracks(id, everything, never)).items;

describe('ids of the demo catalog', () => {
  it('are well formed and unique across types', () => {
    const ids = [...albumIds, ...trackIds, ...artistIds, ...playlistIds, ...showIds, ...episodeIds];
    for (const id of ids) expect(id).toMatch(/^demo:[a-z0-9][A-Za-z0-9._-]*$/);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => /^demo:tide-\d+$/.test(id))).toEqual([]);
  });

  it('all lead to an item', async () => {
    expect((await findAlbums()).map((album) => album.id)).toEqual(albumIds);
    expect((await findTracks()).map((track) => track.id)).toEqual(trackIds);
    expect((await findArtists()).map((artist) => artist.id)).toEqual(artistIds);
    expect((await findPlaylists()).map((playlist) => playlist.id)).toEqual(playlistIds);
    const shows = await all(showIds, (id) => catalog.findShow(id, never));
    expect(shows.map((show) => show.id)).toEqual(showIds);
    const episodes = await all(episodeIds, (id) => catalog.findEpisode(id, never));
    expect(episodes.map((episode) => episode.id)).toEqual(episodeIds);
  });

  it.each([
    '',
    'demo:',
    'demo:nothing',
    'library:night-ferry',
    'night-ferry',
    'demo:tide-00000',
    'demo:tide-10001',
  ])('lead nowhere when they are %j', async (id) => {
    expect(await catalog.findTrack(id, never)).toBeNull();
    expect(await catalog.findAlbum(id, never)).toBeNull();
    expect(await catalog.findPlaylist(id, never)).toBeNull();
    expect(await catalog.findArtist(id, never)).toBeNull();
    expect(await catalog.findShow(id, never)).toBeNull();
    expect(await catalog.findEpisode(id, never)).toBeNull();
    expect(await catalog.listShowEpisodes(id, everything, never)).toEqual({ items: [], total: 0 });
    expect(await catalog.listAlbumTracks(id, everything, never)).toEqual({ items: [], total: 0 });
    expect(await catalog.listPlaylistEntries(id, everything, never)).toEqual({ items: [], total: 0 });
    const query = { ...everything, groups: ALBUM_GROUPS };
    expect(await catalog.listArtistAlbums(id, query, never)).toEqual({ items: [], total: 0 });
  });

  it('of one type are not found as another', async () => {
    expect(await catalog.findTrack('demo:night-ferry', never)).toBeNull();
    expect(await catalog.findAlbum('demo:night-ferry-1-01', never)).toBeNull();
  });
});

describe('the demo catalog', () => {
  it('has artists, albums of every kind, discs and playlists', async () => {
    const albums = await findAlbums();
    expect(artistIds.length).toBeGreaterThanOrEqual(8);
    expect(albums.length).toBeGreaterThanOrEqual(16);
    expect(new Set(albums.map((album) => album.group))).toEqual(new Set(['ALBUM', 'SINGLE', 'COMPILATION']));
    expect(albums.some((album) => album.discTotal === 2)).toBe(true);
    expect(albums.some((album) => /^\d{4}$/.test(album.releaseDate ?? ''))).toBe(true);
    const playlists = await findPlaylists();
    expect(playlists.map((playlist) => playlist.total)).toEqual([12, 137, 0, 12, 10_000]);
  });

  it('is consistent: totals, numbers, albums and artists', async () => {
    for (const album of await findAlbums()) {
      const tracks = await albumTracks(album.id);
      expect(tracks).toHaveLength(album.trackTotal);
      expect(Math.max(...tracks.map((track) => track.discNumber ?? 0))).toBe(album.discTotal);
      for (const track of tracks) {
        expect(track.album).toEqual(album);
        expect(await catalog.findTrack(track.id, never)).toEqual(track);
        for (const artist of track.artists) expect(artistIds).toContain(artist.id);
      }
      const places = tracks.map((track) => `${track.discNumber}/${track.trackNumber}`);
      expect(new Set(places).size).toBe(places.length);
      for (const artist of album.artists) expect(artistIds).toContain(artist.id);
    }
  });

  it('has codes that are well formed, an ISRC being given twice only for the same recording', async () => {
    const owners = new Map<string, Track>();
    for (const track of await findTracks()) {
      if (track.isrc === null) continue;
      expect(track.isrc).toMatch(/^[A-Z]{2}[A-Z0-9]{3}\d{7}$/);
      const owner = owners.get(track.isrc) ?? track;
      expect([track.title, track.durationMs]).toEqual([owner.title, owner.durationMs]);
      owners.set(track.isrc, owner);
    }
    expect(owners.size).toBeGreaterThan(100);
    const upcs = (await findAlbums()).flatMap((album) => album.upc ?? []);
    expect(new Set(upcs).size).toBe(upcs.length);
    for (const upc of upcs) {
      expect(upc).toMatch(/^\d{12}$/);
      const weighted = [...upc].map((digit, index) => Number(digit) * (index % 2 === 0 ? 3 : 1));
      expect(weighted.reduce((sum, digit) => sum + digit) % 10).toBe(0);
    }
  });

  it('has plausible dates, lengths and titles', async () => {
    for (const album of await findAlbums()) {
      expect(album.releaseDate).toMatch(/^\d{4}(-\d{2}-\d{2})?$/);
      expect(Number.isNaN(Date.parse(album.releaseDate ?? ''))).toBe(false);
    }
    for (const track of await findTracks()) {
      expect(track.title.trim()).not.toBe('');
      expect(track.durationMs).toBeGreaterThanOrEqual(8_000);
      expect(track.durationMs).toBeLessThanOrEqual(240_000);
    }
  });

  it('is JSON, and the same each time and in every process', async () => {
    const dump = async (source: typeof catalog) => ({
      albums: await findAlbums(source),
      tracks: await findTracks(source, [...trackIds, 'demo:tide-04711']),
      artists: await findArtists(source),
      playlists: await findPlaylists(source),
      entries: (await source.listPlaylistEntries('demo:all-hands', everything, never)).items,
    });
    const first = await dump(catalog);
    expect(JSON.parse(JSON.stringify(first))).toEqual(first);
    expect(await dump(createDemoCatalog())).toEqual(first);
  });

  it('gives objects of their own, so that a caller may change them', async () => {
    const album = await catalog.findAlbum(SHOWCASE_ALBUM_ID, never);
    album?.genres.push('Changed');
    album?.artists.pop();
    expect(await catalog.findAlbum(SHOWCASE_ALBUM_ID, never)).not.toEqual(album);
  });

  it('stops when its signal aborts', async () => {
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(catalog.findTrack('demo:tide-00001', gone)).rejects.toThrow('gone');
    await expect(catalog.search({ text: 'a', type: 'TRACK', ...everything }, gone)).rejects.toThrow('gone');
  });
});

describe('albums that show something', () => {
  it('the showcase is short and healthy', async () => {
    const tracks = await albumTracks(SHOWCASE_ALBUM_ID);
    expect(tracks.length).toBeGreaterThanOrEqual(8);
    expect(tracks.length).toBeLessThanOrEqual(10);
    for (const track of tracks) {
      expect(track.durationMs).toBeGreaterThanOrEqual(10_000);
      expect(track.durationMs).toBeLessThanOrEqual(25_000);
      expect(collection.findTrack(track.id.slice('demo:'.length))?.trouble).toBeNull();
    }
  });

  it('the one of trouble has a track for each trouble, in their order, and a healthy one', async () => {
    const tracks = await albumTracks(TROUBLE_ALBUM_ID);
    const troubles = tracks.map((track) => collection.findTrack(track.id.slice('demo:'.length))?.trouble);
    expect(troubles).toEqual([...TROUBLES, null]);
    const elsewhere = [...collection.tracks.values()].filter(
      (track) => track.trouble && track.place?.album.slug !== 'rough-crossing',
    );
    expect(elsewhere).toEqual([]);
  });

  it('the one of two discs has the same title on both', async () => {
    const intros = (await albumTracks('demo:atlas-of-small-rain')).filter((track) => track.title === 'Intro');
    expect(intros.map((track) => track.discNumber)).toEqual([1, 2]);
  });

  it('some are explicit, some have guests, one has neither label nor codes', async () => {
    const regatta = await albumTracks('demo:parking-lot-regatta');
    expect(regatta.filter((track) => track.explicit).map((track) => track.title)).toContain(
      'Damn This Dinghy',
    );
    const handshake = await catalog.findTrack('demo:hull-frequencies-1-05', never);
    expect(handshake?.artists).toHaveLength(3);
    const bare = await catalog.findTrack('demo:harbour-wall-demos-1-01', never);
    expect(bare).toMatchObject({
      isrc: null,
      album: { upc: null, label: null, copyright: null, genres: [] },
    });
  });

  it('a sampler has the recordings of other albums', async () => {
    const [first] = await albumTracks('demo:harbour-lights');
    const original = await catalog.findTrack('demo:night-ferry-1-03', never);
    expect(first).toMatchObject({
      title: 'Night Ferry',
      isrc: original?.isrc,
      durationMs: original?.durationMs,
    });
    expect(first?.id).toBe('demo:harbour-lights-1-01');
    expect(first?.album?.artists.map((artist) => artist.name)).toEqual(['Various Artists']);
  });

  it('some titles are hostile', async () => {
    const titles = (await albumTracks('demo:awkward-cargo')).map((track) => track.title);
    expect(titles).toContain('CON');
    expect(titles).toContain('../../../../etc/passwd');
    expect(titles.some((title) => title.includes('\n'))).toBe(true);
    expect(titles.some((title) => Buffer.byteLength(title) > 255)).toBe(true);
    expect(new Set(titles.map((title) => title.normalize('NFC'))).size).toBe(titles.length - 1);
  });
});

describe('playlists', () => {
  it('a short one has an entry that is gone', async () => {
    const { items, total } = await catalog.listPlaylistEntries('demo:first-watch', everything, never);
    expect(total).toBe(12);
    expect(items.filter((entry) => entry.track === null)).toHaveLength(1);
    expect(items.every((entry) => entry.addedAt !== null)).toBe(true);
  });

  it('a longer one has 137 different tracks, all of which can be had', async () => {
    const { items } = await catalog.listPlaylistEntries('demo:all-hands', everything, never);
    const ids = items.map((entry) => entry.track?.id);
    expect(new Set(ids).size).toBe(137);
    expect(ids).not.toContain(undefined);
  });

  it('one of ten thousand comes page by page without a gap', async () => {
    const ids: (string | undefined)[] = [];
    for (let offset = 0; offset < 10_300; offset += 300) {
      const page = await catalog.listPlaylistEntries('demo:ten-thousand', { offset, limit: 300 }, never);
      expect(page.total).toBe(10_000);
      ids.push(...page.items.map((entry) => entry.track?.id));
    }
    expect(ids).toHaveLength(10_000);
    expect(new Set(ids).size).toBe(10_000);
    expect([ids[0], ids[41], ids.at(-1)]).toEqual(['demo:tide-00001', 'demo:tide-00042', 'demo:tide-10000']);
    const tide = await catalog.findTrack('demo:tide-00042', never);
    expect(tide).toMatchObject({ title: 'Tide 00042', album: null, isrc: 'XXDEM2690041' });
  });
});

describe('albums of an artist', () => {
  const list = (slug: string, groups: readonly Album['group'][] = ALBUM_GROUPS, page = everything) =>
    catalog.listArtistAlbums(`demo:${slug}`, { ...page, groups }, never);

  it('are newest first and say how the artist is related to them', async () => {
    const { items, total } = await list('otter-and-semaphore');
    expect(total).toBe(items.length);
    expect(items.map((album) => `${album.group}: ${album.title}`)).toEqual([
      'APPEARS_ON: Harbour Lights: A Sampler',
      'SINGLE: Low Tide Radio',
      'APPEARS_ON: Night Ferry',
      'APPEARS_ON: Hull Frequencies',
      'ALBUM: Parking Lot Regatta',
      'APPEARS_ON: Songs for Crossing Water',
      'ALBUM: Semaphore Love Songs',
      'ALBUM: Harbour Wall Demos',
    ]);
  });

  it('come every ten minutes for the artist to watch, and the oldest of twelve goes', async () => {
    let now = Date.parse('2026-03-01T00:05:00Z');
    const at = createDemoCatalog({ clock: { now: () => new Date(now) } });
    const readings = () =>
      at.listArtistAlbums('demo:tide-gauge', { ...everything, groups: ['SINGLE'] }, never);
    const before = await readings();
    expect(before.total).toBe(12);
    expect(before.items.slice(0, 2).map(({ title, releaseDate }) => `${title} / ${releaseDate}`)).toEqual([
      'Reading of 2026-03-01, 00:00 / 2026-03-01',
      'Reading of 2026-02-28, 23:50 / 2026-02-28',
    ]);
    now += 4 * 60_000;
    expect(await readings()).toEqual(before);
    now += 60_000;
    const after = await readings();
    expect(after.items.slice(1)).toEqual(before.items.slice(0, 11));
    // What is withdrawn can still be found, as the history shows it.
    const gone = before.items[11];
    expect(await at.findAlbum(gone?.id ?? '', never)).toEqual(gone);
    const { items } = await at.listAlbumTracks(gone?.id ?? '', everything, never);
    expect(items.map(({ title, trackNumber, album }) => [title, trackNumber, album])).toEqual([
      ['Flood', 1, gone],
      ['Ebb', 2, gone],
    ]);
    expect(await at.findTrack(items[1]?.id ?? '', never)).toEqual(items[1]);
    expect(await at.findTrack(`${gone?.id}-1-03`, never)).toBeNull();
    expect(await at.fetchCover(items[0]!, never)).toBeInstanceOf(Uint8Array);
  });

  it('can be filtered by group and paged', async () => {
    const own = await list('otter-and-semaphore', ['ALBUM'], { offset: 1, limit: 1 });
    expect(own.total).toBe(3);
    expect(names(own.items)).toEqual(['Semaphore Love Songs']);
    expect((await list('various-artists')).items.map((album) => album.group)).toEqual([
      'COMPILATION',
      'COMPILATION',
    ]);
  });
});

describe('search', () => {
  it('finds titles before what is beside them, the very title first', async () => {
    const { items } = await search('night ferry');
    expect(names(items).slice(0, 3)).toEqual([
      'Night Ferry',
      'Night Ferry',
      'Night Ferry (Barnacle Version)',
    ]);
    expect(names(items)).toContain('Casting Off');
  });

  it.each([
    ['UBERFAHRT', 'Überfahrt'],
    ['schranke strand', 'Schränke am Strand'],
    ['strasse', 'Straße ohne Ufer'],
    ['coeur magnetique', 'Cœur magnétique'],
    ['ete contre', 'L’été à contre-courant'],
    ['keepers break', 'Keeper’s Breakfast'],
    ['ночной', 'Ночной паром'],
    ['フェリー', '夜のフェリー'],
    ['🚢', '🌊🚢 (Emoji Crossing) 👩‍👩‍👧‍👦'],
    ['cafe\u0301 quay', 'Caf\u00e9 on the Quay'],
    ['fog moebel fuer moewen', null],
    ['nebelhorn mobel fur mowen', 'Nebelhorn'],
    ['barnacle limpet', 'Limpet Handshake'],
  ])('for %j finds %j', async (text, title) => {
    const { items } = await search(text);
    expect(names(items)[0] ?? null).toBe(title);
  });

  it('requires every word, and matches prefixes', async () => {
    expect((await search('night zebra')).total).toBe(0);
    expect(names((await search('sod lam wet')).items)).toEqual(['Sodium Lamps on Wet Concrete']);
    expect((await search('odium')).total).toBe(0);
  });

  it('finds albums, artists, playlists, shows and episodes', async () => {
    expect(names((await search('boussole', 'ALBUM')).items)).toEqual(['La boussole cassée']);
    expect(names((await search('soeurs', 'ARTIST')).items)).toEqual(['Sœurs Boussole']);
    expect(names((await search('all ha', 'PLAYLIST')).items)).toEqual(['All Hands']);
    expect(names((await search('lighthouses', 'SHOW')).items)).toEqual(['Keeper’s Hours']);
    expect(names((await search('feierabend', 'EPISODE')).items)).toEqual(['Ebbe, Flut, Feierabend']);
    expect((await search('slow forecast', 'EPISODE')).total).toBe(180);
  });

  it('gives pages that make up the whole', async () => {
    const whole = await search('the');
    expect(whole.total).toBeGreaterThan(10);
    const pages = await Promise.all([0, 4, 8].map((offset) => search('the', 'TRACK', { offset, limit: 4 })));
    expect(pages.flatMap((page) => page.items)).toEqual(whole.items.slice(0, 12));
    expect(pages.map((page) => page.total)).toEqual([whole.total, whole.total, whole.total]);
    expect(await search('the', 'TRACK', { offset: 5_000, limit: 4 })).toEqual({
      items: [],
      total: whole.total,
    });
  });

  it.each(['', '   ', '?!', '%', "'; --"])('for %j finds nothing', async (text) => {
    expect((await search(text)).total).toBe(0);
  });

  it('is not flooded by ten thousand tides, of which one can be found by its title', async () => {
    expect((await search('tide')).total).toBeLessThan(20);
    expect((await search('tide 0')).total).toBe(0);
    expect((await search('Tide 00042')).items.map((item) => item.id)).toEqual(['demo:tide-00042']);
  });
});

describe('covers', () => {
  it('are PNG of 600 by 600, small, one for each album, the same each time', async () => {
    const seen = new Set<string>();
    for (const id of albumIds) {
      const [track] = await albumTracks(id);
      const cover = Buffer.from((track && (await catalog.fetchCover(track, never))) ?? []);
      expect(cover.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
      expect([cover.readUInt32BE(16), cover.readUInt32BE(20)]).toEqual([600, 600]);
      expect(cover.length).toBeLessThan(64_000);
      seen.add(cover.toString('base64'));
    }
    expect(seen.size).toBe(albumIds.length);
    const [track] = await albumTracks(SHOWCASE_ALBUM_ID);
    const again = track && (await createDemoCatalog().fetchCover(track, never));
    expect(seen).toContain(Buffer.from(again ?? []).toString('base64'));
    const idat = Buffer.from(again ?? []).subarray(41, -16);
    expect(inflateSync(idat)).toHaveLength(600 * (1 + 600 * 3));
  });

  it('are missing where there is no album, and for tracks of others', async () => {
    const tide = (await catalog.findTrack('demo:tide-00001', never)) as Track;
    expect(await catalog.fetchCover(tide, never)).toBeNull();
    expect(await catalog.fetchCover({ ...tide, id: 'library:night-ferry-1-01' }, never)).toBeNull();
  });
});
