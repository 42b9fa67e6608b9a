import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogItemSchema, type CatalogItem } from '../../src/catalog/catalog-item.js';
import { playlistEntrySchema } from '../../src/catalog/catalog-source.js';
import {
  toAlbum,
  toArtist,
  toEntry,
  toEpisode,
  toPlaylist,
  toShow,
  toTrack,
} from '../../src/upstream/spotify/map.js';
import {
  albumSchema,
  artistSchema,
  entrySchema,
  episodeSchema,
  errorSchema,
  pageSchema,
  playlistSchema,
  showSchema,
  trackSchema,
} from '../../src/upstream/spotify/schemas.js';

/** Real answers, where a checkout has them beside it: one body to a file. */
const RECORDINGS = resolve(process.env['RECORDED_ANSWERS'] ?? '../shared/recorded', 'spotify');

type Item = Record<string, unknown>;

const SCHEMAS = {
  album: albumSchema,
  artist: artistSchema,
  episode: episodeSchema,
  playlist: playlistSchema,
  show: showSchema,
  track: trackSchema,
};

const isItem = (value: unknown): value is Item & { type: keyof typeof SCHEMAS } =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  'type' in value &&
  String(value.type) in SCHEMAS;

function toItem(item: Item & { type: keyof typeof SCHEMAS }): CatalogItem {
  switch (item.type) {
    case 'album':
      return toAlbum(albumSchema.parse(item));
    case 'artist':
      return toArtist(artistSchema.parse(item));
    case 'episode':
      return toEpisode(episodeSchema.parse(item));
    case 'playlist':
      return toPlaylist(playlistSchema.parse(item));
    case 'show':
      return toShow(showSchema.parse(item));
    case 'track':
      return toTrack(trackSchema.parse(item), { market: 'DE' });
  }
}

describe.skipIf(!existsSync(RECORDINGS))('recorded answers of Spotify', () => {
  const read = (name: string) => JSON.parse(readFileSync(join(RECORDINGS, `${name}.json`), 'utf8')) as Item;
  const inside = (body: Item, key: string) => (body[key] as { items: Item[] }).items;
  const lists = (): Record<string, unknown[]> => ({
    single: ['artist', 'episode', 'get_album', 'playlist_1', 'playlist_2', 'show'].map(read),
    'album tracks': read('album_tracks')['items'] as Item[],
    'tracks of an album': inside(read('get_album'), 'tracks'),
    'artist albums': read('artist_albums')['items'] as Item[],
    search: inside(read('search'), 'tracks'),
    episodes: inside(read('show'), 'episodes'),
    entries: (read('playlist_items')['items'] as Item[]).map((entry) => entry['item']),
  });

  it('are items that can be read, each with its id and name', () => {
    const items = Object.values(lists()).flat().filter(isItem);
    for (const item of items) {
      const converted = toItem(item);
      expect(catalogItemSchema.parse(converted)).toEqual(converted);
      expect(converted.id).toBe(`spotify:${String(item['id'])}`);
      expect('title' in converted ? converted.title : converted.name).toBe(item['name']);
    }
    expect(items).toHaveLength(6 + 18 + 11 + 48 + 5 + 50 + 1);
  });

  it('are entries of playlists, local files among them, under each of the keys', () => {
    const rows = ['playlist_1', 'playlist_2'].flatMap((name) => inside(read(name), 'tracks'));
    const all = [...rows, ...(read('playlist_items')['items'] as Item[])];
    const entries = all.map((row) => toEntry(entrySchema.parse(row), null));
    for (const entry of entries) expect(playlistEntrySchema.parse(entry)).toEqual(entry);
    expect(entries.map(({ track, absence }) => track?.isrc ?? absence)).toEqual([
      'GBCFB2300770',
      'LOCAL_FILE',
      'USHM80865849',
      'GBCFB2300770',
    ]);
  });

  it('are pages with their totals, and errors with their messages', () => {
    const totals = ['album_tracks', 'artist_albums', 'playlist_items'].map(
      (name) => pageSchema(artistSchema).parse(read(name)).total,
    );
    expect(totals).toEqual([18, 918, 1]);
    expect(['playlist_not_found', 'rate_limit'].map((name) => errorSchema.parse(read(name)).error)).toEqual([
      'Resource not found',
      'API rate limit exceeded',
    ]);
    expect(toPlaylist(playlistSchema.parse(read('playlist_2'))).total).toBe(2);
  });

  it('lose only what has no place in an item', () => {
    const lost = new Map<string, Set<string>>();
    for (const item of Object.values(lists()).flat().filter(isItem)) {
      const known = SCHEMAS[item.type].parse(item);
      const names = Object.keys(item).filter((name) => !(name in known));
      lost.set(item.type, new Set([...(lost.get(item.type) ?? []), ...names]));
    }
    const listed = [...lost].map(([type, names]) => `${type}: ${[...names].sort().join(' ')}`).sort();
    expect(listed).toMatchInlineSnapshot(`
      [
        "album: available_markets href popularity release_date_precision tracks type uri",
        "artist: followers href popularity type uri",
        "episode: audio_preview_url href html_description is_externally_hosted is_playable language languages release_date_precision resume_point type uri",
        "playlist: collaborative followers href primary_color public type uri",
        "show: available_markets copyrights episodes href html_description is_externally_hosted media_type type uri",
        "track: episode href is_local popularity preview_url track type uri",
      ]
    `);
  });
});
