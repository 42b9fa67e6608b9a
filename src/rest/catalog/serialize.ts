import type {
  RestAlbumFragment,
  RestAlbumInfoQuery,
  RestArtistCreditFragment,
  RestArtistFragment,
  RestArtistInfoQuery,
  RestEpisodeFragment,
  RestImageFragment,
  RestPlaylistFragment,
  RestPlaylistInfoQuery,
  RestShowFragment,
  RestTrackFragment,
} from '../../generated/documents/graphql.js';
import { plainIdOf, plainUriOf } from '../plain-id.js';

/*
 * Items as in Spotify's Web API. Existing clients read all of these keys, including those that other catalogs
 * do not have and that Spotify itself no longer fills.
 */

type Album = NonNullable<RestAlbumInfoQuery['album']>;
type Artist = NonNullable<RestArtistInfoQuery['artist']>;
type Playlist = NonNullable<RestPlaylistInfoQuery['playlist']>;

type RestItemFragment =
  | RestTrackFragment
  | RestAlbumFragment
  | RestArtistFragment
  | RestPlaylistFragment
  | RestShowFragment
  | RestEpisodeFragment;

/** Clients read a track's album without checking that it has one. */
const NO_ALBUM = {
  id: null,
  name: '',
  type: 'album',
  release_date: '',
  total_tracks: 0,
  artists: [],
  images: [],
};

export function serializeItem(item: RestItemFragment): object {
  switch (item.__typename) {
    case 'Track':
      return serializeTrack(item);
    case 'Album':
      return serializeAlbum(item);
    case 'Artist':
      return serializeArtist(item);
    case 'Playlist':
      return serializePlaylist(item);
    case 'Show':
      return serializeShow(item);
    case 'Episode':
      return serializeEpisode(item);
  }
}

export function serializeTrack(track: RestTrackFragment): object {
  return {
    ...serializeIdentity(track),
    name: track.title,
    artists: track.artists.map(serializeArtistCredit),
    album: track.album ? serializeAlbum(track.album) : NO_ALBUM,
    duration_ms: track.durationMs ?? 0,
    explicit: track.explicit,
    track_number: track.trackNumber ?? 0,
    disc_number: track.discNumber ?? 1,
    external_ids: track.isrc ? { isrc: track.isrc } : {},
    popularity: 0,
    preview_url: null,
    is_local: false,
  };
}

function serializeAlbum(album: RestAlbumFragment): object {
  return {
    ...serializeIdentity(album),
    name: album.title,
    artists: album.artists.map(serializeArtistCredit),
    album_type: album.group === 'APPEARS_ON' ? 'album' : album.group.toLowerCase(),
    total_tracks: album.trackCount,
    release_date: album.releaseDate ?? '',
    release_date_precision: datePrecision(album.releaseDate ?? ''),
    images: album.images.map(serializeImage),
    label: album.label ?? '',
    genres: album.genres,
    popularity: 0,
    external_ids: album.upc ? { upc: album.upc } : {},
    copyrights: album.copyright ? [{ text: album.copyright, type: 'C' }] : [],
  };
}

function serializeArtist(artist: RestArtistFragment): object {
  return {
    ...serializeIdentity(artist),
    name: artist.name,
    genres: artist.genres,
    images: artist.images.map(serializeImage),
    followers: { total: 0 },
    popularity: 0,
  };
}

export function serializePlaylist(playlist: RestPlaylistFragment): object {
  return {
    ...serializeIdentity(playlist),
    name: playlist.title,
    description: playlist.description ?? '',
    owner: { id: playlist.ownerId?.replace(/^spotify:/, '') ?? null, display_name: playlist.ownerName },
    tracks: { total: playlist.entryCount },
    images: playlist.images.map(serializeImage),
    followers: { total: 0 },
    snapshot_id: playlist.revision,
  };
}

function serializeShow(show: RestShowFragment): object {
  return {
    ...serializeIdentity(show),
    name: show.title,
    publisher: show.publisher ?? '',
    description: show.description ?? '',
    explicit: show.explicit,
    languages: show.languages,
    media_type: 'audio',
    total_episodes: show.episodeCount,
    images: show.images.map(serializeImage),
  };
}

function serializeEpisode(episode: RestEpisodeFragment): object {
  const languages = episode.show?.languages ?? [];
  return {
    ...serializeIdentity(episode),
    name: episode.title,
    description: episode.description ?? '',
    duration_ms: episode.durationMs ?? 0,
    explicit: episode.explicit,
    language: languages[0] ?? '',
    languages,
    release_date: episode.releaseDate ?? '',
    release_date_precision: datePrecision(episode.releaseDate ?? ''),
    images: episode.images.map(serializeImage),
    audio_preview_url: null,
    show: episode.show && serializeShow(episode.show),
  };
}

interface PageInput {
  limit: number;
  offset: number;
}

export function serializeAlbumWithTracks(album: Album, page: PageInput & { base: string }): object {
  const items = album.tracks.edges.map(({ node }) => serializeTrack(node));
  const url = listUrl(`${page.base}/album/info`, album);
  const tracks = serializePage({ items, total: album.tracks.totalCount }, { ...page, url });
  return { ...serializeAlbum(album), tracks };
}

export function serializeArtistWithAlbums(artist: Artist, page: PageInput & { base: string }): object {
  const { edges, totalCount: total } = artist.albums;
  const items = edges.map(({ node }) => ({
    ...serializeAlbum(node),
    album_group: node.group.toLowerCase(),
    ...serializeKnown(node),
  }));
  const url = listUrl(`${page.base}/artist/info`, artist);
  return { ...serializeArtist(artist), albums: serializePage({ items, total }, { ...page, url }) };
}

export function serializePlaylistWithTracks(playlist: Playlist, page: PageInput & { base: string }): object {
  const url = listUrl(`${page.base}/playlist/tracks`, playlist);
  return { ...serializePlaylist(playlist), tracks: serializePlaylistTracks(playlist, { ...page, url }) };
}

export function serializePlaylistTracks({ items }: Playlist, page: PageInput & { url: string }): object {
  const entries = (items?.edges ?? []).map(({ node: { addedAt, track } }) => ({
    added_at: addedAt,
    track: track && serializeTrack(track),
    ...(track && serializeKnown(track)),
  }));
  return serializePage({ items: entries, total: items?.totalCount ?? 0 }, page);
}

/** Only of lists that are watched. */
function serializeKnown({ isLocallyKnown }: { isLocallyKnown: boolean | null }): object {
  return isLocallyKnown === null ? {} : { is_locally_known: isLocallyKnown };
}

/** A page as in Spotify's Web API; `url` is the address of the list, with a query but without a place in it. */
function serializePage(
  { items, total }: { items: readonly object[]; total: number },
  { limit, offset, url }: PageInput & { url: string },
): object {
  const at = (start: number) => `${url}&limit=${limit}&offset=${start}`;
  const next = items.length > 0 && offset + items.length < total ? at(offset + items.length) : null;
  const previous = offset > 0 ? at(Math.max(0, offset - limit)) : null;
  return { items, total, limit, offset, next, previous };
}

function listUrl(address: string, { id }: { id: string }): string {
  return `${address}?id=${encodeURIComponent(plainIdOf(id))}`;
}

function serializeIdentity(item: Pick<RestItemFragment, '__typename' | 'id' | 'url' | 'asOf'>) {
  return {
    id: plainIdOf(item.id),
    type: item.__typename.toLowerCase(),
    uri: plainUriOf(item.id),
    external_urls: { spotify: item.url ?? '' },
    ...(item.asOf !== null && { as_of: item.asOf }),
  };
}

function serializeArtistCredit({ artistId, name }: RestArtistCreditFragment): object {
  if (artistId === null) return { id: null, name, type: 'artist', external_urls: { spotify: '' } };
  const uri = plainUriOf(artistId);
  return { id: plainIdOf(artistId), name, type: 'artist', uri, external_urls: { spotify: '' } };
}

export function serializeImage({ url, widthPx, heightPx }: RestImageFragment): object {
  return { url, width: widthPx, height: heightPx };
}

function datePrecision(date: string): 'year' | 'month' | 'day' {
  if (date.length <= 4) return 'year';
  return date.length <= 7 ? 'month' : 'day';
}
