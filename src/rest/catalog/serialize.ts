import type {
  WireAlbumFragment,
  WireArtistCreditFragment,
  WireArtistFragment,
  WireEpisodeFragment,
  WireImageFragment,
  WirePlaylistFragment,
  WireShowFragment,
  WireTrackFragment,
} from '../../generated/documents/graphql.js';
import { wireIdOf, wireUriOf } from '../wire-id.js';

/*
 * Items in the shapes of Spotify's Web API. Its clients read all of these keys, also those that other catalogues
 * know nothing of and that Spotify itself no longer fills.
 */

export type WireItemFragment =
  | WireTrackFragment
  | WireAlbumFragment
  | WireArtistFragment
  | WirePlaylistFragment
  | WireShowFragment
  | WireEpisodeFragment;

const TYPES = {
  Track: 'track',
  Album: 'album',
  Artist: 'artist',
  Playlist: 'playlist',
  Show: 'show',
  Episode: 'episode',
} as const;

/** Clients read a track's album without asking whether it has one. */
const NO_ALBUM = {
  id: null,
  name: '',
  type: 'album',
  release_date: '',
  total_tracks: 0,
  artists: [],
  images: [],
};

export function toWireItem(item: WireItemFragment): object {
  switch (item.__typename) {
    case 'Track':
      return toWireTrack(item);
    case 'Album':
      return toWireAlbum(item);
    case 'Artist':
      return toWireArtist(item);
    case 'Playlist':
      return toWirePlaylist(item);
    case 'Show':
      return toWireShow(item);
    case 'Episode':
      return toWireEpisode(item);
  }
}

export function toWireTrack(track: WireTrackFragment): object {
  return {
    ...identityOf(track),
    name: track.title,
    artists: track.artists.map(toWireCredit),
    album: track.album ? toWireAlbum(track.album) : NO_ALBUM,
    duration_ms: track.durationMs,
    explicit: track.explicit,
    track_number: track.trackNumber ?? 0,
    disc_number: track.discNumber ?? 1,
    external_ids: track.isrc ? { isrc: track.isrc } : {},
    popularity: 0,
    preview_url: null,
    is_local: false,
  };
}

export function toWireAlbum(album: WireAlbumFragment): object {
  return {
    ...identityOf(album),
    name: album.title,
    artists: album.artists.map(toWireCredit),
    album_type: album.group === 'APPEARS_ON' ? 'album' : album.group.toLowerCase(),
    total_tracks: album.trackTotal,
    release_date: album.releaseDate ?? '',
    release_date_precision: precisionOf(album.releaseDate ?? ''),
    images: album.images.map(toWireImage),
    label: album.label ?? '',
    genres: album.genres,
    popularity: 0,
    external_ids: album.upc ? { upc: album.upc } : {},
    copyrights: album.copyright ? [{ text: album.copyright, type: 'C' }] : [],
  };
}

export function toWireArtist(artist: WireArtistFragment): object {
  return {
    ...identityOf(artist),
    name: artist.name,
    genres: artist.genres,
    images: artist.images.map(toWireImage),
    followers: { total: 0 },
    popularity: 0,
  };
}

export function toWirePlaylist(playlist: WirePlaylistFragment): object {
  return {
    ...identityOf(playlist),
    name: playlist.title,
    description: playlist.description ?? '',
    owner: { id: playlist.ownerId?.replace(/^spotify:/, '') ?? null, display_name: playlist.ownerName },
    tracks: { total: playlist.total },
    images: playlist.images.map(toWireImage),
    followers: { total: 0 },
    snapshot_id: playlist.revision,
  };
}

export function toWireShow(show: WireShowFragment): object {
  return {
    ...identityOf(show),
    name: show.title,
    publisher: show.publisher,
    description: show.description ?? '',
    explicit: show.explicit,
    languages: show.languages,
    media_type: 'audio',
    total_episodes: show.total,
    images: show.images.map(toWireImage),
  };
}

export function toWireEpisode(episode: WireEpisodeFragment): object {
  const languages = episode.show?.languages ?? [];
  return {
    ...identityOf(episode),
    name: episode.title,
    description: episode.description ?? '',
    duration_ms: episode.durationMs,
    explicit: episode.explicit,
    language: languages[0] ?? '',
    languages,
    release_date: episode.releaseDate ?? '',
    release_date_precision: precisionOf(episode.releaseDate ?? ''),
    images: episode.images.map(toWireImage),
    audio_preview_url: null,
    show: episode.show && toWireShow(episode.show),
  };
}

function identityOf(item: { __typename: keyof typeof TYPES; id: string; url: string | null }) {
  return {
    id: wireIdOf(item.id),
    type: TYPES[item.__typename],
    uri: wireUriOf(item.id),
    external_urls: { spotify: item.url ?? '' },
  };
}

function toWireCredit({ artistId, name }: WireArtistCreditFragment): object {
  if (artistId === null) return { id: null, name, type: 'artist', external_urls: { spotify: '' } };
  const uri = wireUriOf(artistId);
  return { id: wireIdOf(artistId), name, type: 'artist', uri, external_urls: { spotify: '' } };
}

function toWireImage({ url, widthPx, heightPx }: WireImageFragment): object {
  return { url, width: widthPx, height: heightPx };
}

function precisionOf(date: string): 'year' | 'month' | 'day' {
  if (date.length <= 4) return 'year';
  return date.length <= 7 ? 'month' : 'day';
}
