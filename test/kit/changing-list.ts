import type { Album, Artist, Track } from '../../src/catalog/catalog-item.js';
import type { CatalogSource, PlaylistEntry } from '../../src/catalog/catalog-source.js';
import { createDemoCatalog } from '../../src/upstream/demo/catalog.js';
import { never } from './audio.js';
import { createStubCatalog } from './stub-catalog.js';
import { makeArtist, makePlaylist, makeTrack } from './catalog-items.js';

/** Short tracks of the demo, whose audio can be made. */
export const listTides = (count: number) =>
  Array.from({ length: count }, (_, at) => `demo:tide-${String(at + 1).padStart(5, '0')}`);

export async function readTides(ids: readonly string[]): Promise<Map<string, Track>> {
  const demo = createDemoCatalog();
  const found = await Promise.all(ids.map((id) => demo.findTrack(id, never)));
  return new Map(found.flatMap((track) => (track ? [[track.id, track] as const] : [])));
}

/** A catalog `stub` with one playlist, `stub:list`, and one artist, `stub:singer`, that a test changes. */
export interface ChangingCatalog {
  source: CatalogSource;
  /** Tracks of the playlist in its order; null is an entry that says nothing, `gone:…` one without its track. */
  set(entries: readonly (string | null)[]): void;
  setAlbums(albums: readonly Album[]): void;
  /** Another title for the playlist. */
  retitle(title: string): void;
  /** Without a revision, as some catalogs are. */
  withoutRevision(): void;
  /** As if the playlist and the artist had become private. */
  hide(hidden: boolean): void;
  /** Runs before each page, with its offset; may throw or change the list. */
  beforePage(hook: ((offset: number) => void | Promise<void>) | null): void;
  /** Claims that the list has so many entries more. */
  overstate(by: number): void;
  /** Pages of the playlist and the artist that were read so far. */
  readonly pages: number;
}

export function createChangingCatalog(tracks: ReadonlyMap<string, Track> = new Map()): ChangingCatalog {
  let entries: readonly (string | null)[] = [];
  let albums: readonly Album[] = [];
  let hasRevision = true;
  let title = 'Changing';
  let hidden = false;
  let hook: ((offset: number) => void | Promise<void>) | null = null;
  let extra = 0;
  let pages = 0;

  const trackOf = (id: string) => tracks.get(id) ?? makeTrack(id, { durationMs: 1_000 });
  const toEntry = (id: string | null): PlaylistEntry => {
    if (id === null || id.startsWith('gone:')) {
      return { track: null, trackId: id && id.replace('gone:', 'stub:'), addedAt: null };
    }
    return { track: trackOf(id), trackId: id, addedAt: null };
  };
  const playlist = () =>
    makePlaylist('stub:list', {
      title,
      total: entries.length,
      revision: hasRevision ? JSON.stringify(entries) : null,
    });
  const artist = (): Artist => makeArtist('stub:singer');
  const read = async <T>(all: () => readonly T[], { offset, limit }: { offset: number; limit: number }) => {
    pages += 1;
    await hook?.(offset);
    return { items: all().slice(offset, offset + limit), total: all().length + extra };
  };

  return {
    source: createStubCatalog('stub', {
      findTrack: (id) => Promise.resolve(trackOf(id)),
      findPlaylist: (id) => Promise.resolve(hidden || id !== 'stub:list' ? null : playlist()),
      findArtist: (id) => Promise.resolve(hidden || id !== 'stub:singer' ? null : artist()),
      findAlbum: (id) => Promise.resolve(albums.find((album) => album.id === id) ?? null),
      listPlaylistEntries: (_id, page) => read(() => entries.map(toEntry), page),
      listArtistAlbums: (_id, { groups, ...page }) =>
        read(() => albums.filter(({ group }) => groups.includes(group)), page),
      listAlbumTracks: (id) => Promise.resolve({ items: [trackOf(`${id}-1`)], total: 1 }),
    }),
    set: (next) => void (entries = next),
    setAlbums: (next) => void (albums = next),
    retitle: (next) => void (title = next),
    withoutRevision: () => void (hasRevision = false),
    hide: (next) => void (hidden = next),
    beforePage: (next) => void (hook = next),
    overstate: (by) => void (extra = by),
    get pages() {
      return pages;
    },
  };
}
