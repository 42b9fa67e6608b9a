import type { Album, AlbumGroup } from '../../catalog/catalog-item.js';
import type { Page, PageRequest } from '../../catalog/catalog-source.js';
import { tracksOf, type Collection } from './collection.js';
import { toAlbum } from './map.js';
import { pageOf } from './page.js';
import type { DemoAlbum } from './shapes.js';

/** Newest first. An album of others on which the artist has a track is in the group APPEARS_ON. */
export function listArtistAlbums(
  collection: Collection,
  artistSlug: string,
  { groups, ...page }: PageRequest & { groups: readonly AlbumGroup[] },
): Page<Album> {
  const related = [...collection.albums.values()]
    .map((album) => ({ album, group: groupFor(collection, artistSlug, album) }))
    .filter(({ group }) => group !== null && groups.includes(group))
    .sort((one, other) => (one.album.released < other.album.released ? 1 : -1));
  return pageOf(related, page, ({ album, group }) =>
    toAlbum(collection.artists, album, group ?? album.group),
  );
}

/** Null: the album has nothing to do with the artist. */
function groupFor(collection: Collection, artistSlug: string, album: DemoAlbum): AlbumGroup | null {
  if (album.by.includes(artistSlug)) return album.group;
  const appears = tracksOf(album).some((slug) =>
    collection.findTrack(slug)?.artists.some((artist) => artist.slug === artistSlug),
  );
  return appears ? 'APPEARS_ON' : null;
}
