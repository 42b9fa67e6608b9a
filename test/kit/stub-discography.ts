import type { Album, Artist, Playlist, Track } from '../../src/catalog/catalog-item.js';
import type { CatalogSource, PageRequest } from '../../src/catalog/catalog-source.js';
import type { AlbumGroup } from '../../src/catalog/catalog-item.js';
import { createStubCatalog } from './stub-catalog.js';

const BY = [{ id: 'stub:somebody', name: 'Somebody' }];

export const stubArtist = (id: string): Artist => ({
  ...{ type: 'ARTIST', id, name: 'Somebody', genres: [], images: [], url: null },
});

export const stubAlbum = (id: string, group: AlbumGroup, trackTotal = 1): Album => ({
  ...{ type: 'ALBUM', id, title: `Album ${id}`, artists: BY, group, releaseDate: '2026-01-02', trackTotal },
  ...{ discTotal: 1, upc: null, label: null, copyright: null, genres: [], images: [], url: null },
});

export const stubTrack = (id: string, album: Album | null = null): Track => ({
  ...{ type: 'TRACK', id, title: `Track ${id}`, artists: BY, album, durationMs: 1_000, explicit: false },
  ...{ trackNumber: 1, discNumber: 1, isrc: null, genres: [], url: null },
});

export const stubPlaylist = (id: string, total: number): Playlist => ({
  ...{ type: 'PLAYLIST', id, title: `List ${id}`, description: null, owner: BY[0]!, total },
  ...{ revision: null, images: [], url: null },
});

const pageOf = <T>(all: readonly T[], { offset, limit }: PageRequest) =>
  Promise.resolve({ items: all.slice(offset, offset + limit), total: all.length });

/** An artist of so many albums of each group, each with one track; and a playlist of any length, `stub:<length>`. */
export function createStubDiscography(
  groups: Partial<Record<AlbumGroup, number>>,
  own: Partial<CatalogSource> = {},
): CatalogSource {
  const albums = Object.entries(groups).flatMap(([group, count]) =>
    Array.from({ length: count }, (_, at) =>
      stubAlbum(`stub:${group.toLowerCase()}-${at}`, group as AlbumGroup),
    ),
  );
  const find = (id: string) => albums.find((album) => album.id === id) ?? null;
  return createStubCatalog('stub', {
    findArtist: (id) => Promise.resolve(stubArtist(id)),
    findAlbum: (id) => Promise.resolve(find(id)),
    listArtistAlbums: (_id, { groups: wanted, ...page }) =>
      pageOf(
        albums.filter(({ group }) => wanted.includes(group)),
        page,
      ),
    listAlbumTracks: (id, page) => pageOf([stubTrack(`${id}-1`, find(id))], page),
    findPlaylist: (id) => Promise.resolve(stubPlaylist(id, Number(id.slice('stub:'.length)))),
    listPlaylistEntries: (id, page) => {
      const all = Array.from({ length: Number(id.slice('stub:'.length)) }, (_, at) => ({
        track: stubTrack(`stub:track-${at}`),
        trackId: null,
        addedAt: null,
      }));
      return pageOf(all, page);
    },
    ...own,
  });
}
