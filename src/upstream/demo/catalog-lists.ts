import type { Album, AlbumGroup, Episode, Track } from '../../catalog/catalog-item.js';
import type { Page, PageRequest, PlaylistEntry } from '../../catalog/catalog-source.js';
import { episodesOf, tracksOf, type Collection } from './collection.js';
import { toAlbum, toEpisode, toPlaylistEntry, toTrack } from './map.js';
import { pageOf, placesOf } from './page.js';
import type { DemoAlbum } from './shapes.js';

export function listAlbumTracks(collection: Collection, albumSlug: string, page: PageRequest): Page<Track> {
  const album = collection.albums.get(albumSlug);
  const tracks = (album ? tracksOf(album) : []).flatMap((slug) => collection.findTrack(slug) ?? []);
  return pageOf(tracks, page, (track) => toTrack(collection.artists, track));
}

/** Makes the entries of the page and no others. */
export function listPlaylistEntries(
  collection: Collection,
  playlistSlug: string,
  page: PageRequest,
): Page<PlaylistEntry> {
  const playlist = collection.playlists.get(playlistSlug);
  if (!playlist) return { items: [], total: 0 };
  const items = placesOf(page, playlist.total).map((place) => {
    const track = collection.findTrack(playlist.entryAt(place) ?? '');
    return toPlaylistEntry(track && toTrack(collection.artists, track), place);
  });
  return { items, total: playlist.total };
}

export function listShowEpisodes(collection: Collection, showSlug: string, page: PageRequest): Page<Episode> {
  const show = collection.shows.get(showSlug);
  return pageOf(show ? episodesOf(show) : [], page, toEpisode);
}

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
