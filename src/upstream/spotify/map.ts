import type {
  Album,
  AlbumGroup,
  Artist,
  ArtistRef,
  Episode,
  Image,
  Playlist,
  Show,
  Track,
} from '../../catalog/catalog-item.js';
import type { PlaylistEntry } from '../../catalog/catalog-source.js';
import {
  entryKindSchema,
  trackSchema,
  type SpotifyAlbum,
  type SpotifyAlbumRow,
  type SpotifyArtist,
  type SpotifyEntry,
  type SpotifyEpisode,
  type SpotifyPlaylist,
  type SpotifyShow,
  type SpotifyTrack,
} from './schemas.js';

export const PROVIDER = 'spotify';

const toId = (id: string): string => `${PROVIDER}:${id}`;

/** Spotify's own id; null for an id of another catalog, which no request is made for. */
export function localIdOf(id: string): string | null {
  return /^spotify:([A-Za-z0-9]{22})$/.exec(id)?.[1] ?? null;
}

/** The largest first. */
function toImages(images: SpotifyArtist['images']): Image[] {
  return images
    .flatMap((image) => image ?? [])
    .map(({ url, width, height }) => ({ url, widthPx: width, heightPx: height }))
    .sort((a, b) => (b.widthPx ?? 0) - (a.widthPx ?? 0));
}

const toArtists = (credits: SpotifyTrack['artists']): ArtistRef[] =>
  credits.flatMap((credit) => (credit ? [{ id: toId(credit.id), name: credit.name }] : []));

const urlOf = ({ external_urls: links }: { external_urls: { spotify: string | null } | null }) =>
  links?.spotify ?? null;

const GROUPS: Readonly<Record<string, AlbumGroup>> = {
  single: 'SINGLE',
  compilation: 'COMPILATION',
  appears_on: 'APPEARS_ON',
};

/** @param artistId whose list the album is in: without `album_group`, an album of others is one that they appear on */
export function groupOf(album: SpotifyAlbumRow, artistId: string | null = null): AlbumGroup {
  const { album_group: group, album_type: type, artists } = album;
  if (group !== null) return GROUPS[group] ?? 'ALBUM';
  const isOwn = artistId === null || artists.some((artist) => artist?.id === artistId);
  return isOwn ? (GROUPS[type ?? ''] ?? 'ALBUM') : 'APPEARS_ON';
}

export function toAlbum(album: SpotifyAlbumRow & Partial<SpotifyAlbum>, discTotal = 1): Album {
  return {
    type: 'ALBUM',
    id: toId(album.id),
    title: album.name,
    artists: toArtists(album.artists),
    group: groupOf({ ...album, album_group: null }),
    releaseDate: album.release_date,
    trackTotal: album.total_tracks ?? 0,
    discTotal,
    upc: album.external_ids?.upc ?? null,
    label: album.label ?? null,
    copyright: copyrightOf(album.copyrights ?? []),
    genres: album.genres ?? [],
    images: toImages(album.images),
    url: urlOf(album),
  };
}

/** Of the work (C), else of the recording (P). */
function copyrightOf(copyrights: SpotifyAlbum['copyrights']): string | null {
  const given = copyrights.flatMap((each) => each ?? []);
  return (given.find(({ type }) => type === 'C') ?? given[0])?.text ?? null;
}

interface TrackPlace {
  /** As far as it is known; by default what the track itself says of it. */
  album?: Album | null;
  market: string | null;
}

export function toTrack(track: SpotifyTrack, { album = null, market }: TrackPlace): Track {
  const available = availableIn(track, market);
  return {
    type: 'TRACK',
    id: toId(track.linked_from?.id ?? track.id),
    title: track.name,
    artists: toArtists(track.artists),
    album: album ?? (track.album && toAlbum(track.album)),
    durationMs: track.duration_ms || null,
    explicit: track.explicit,
    ...(available !== null && { available }),
    trackNumber: track.track_number,
    discNumber: track.disc_number,
    isrc: track.external_ids?.isrc ?? null,
    genres: album?.genres ?? [],
    url: urlOf(track),
  };
}

/** Null where Spotify does not say. */
function availableIn(
  { is_playable: isPlayable, available_markets: markets }: SpotifyTrack,
  market: string | null,
): boolean | null {
  if (isPlayable !== null) return isPlayable;
  return market !== null && markets !== null ? markets.includes(market) : null;
}

export function toEntry(entry: SpotifyEntry | null, market: string | null): PlaylistEntry {
  const content = [entry?.item, entry?.track].find((each) => typeof each === 'object' && each !== null);
  const addedAt = entry?.added_at ?? null;
  const kind = entryKindSchema.safeParse(content).data;
  const gone = { track: null, trackId: null, addedAt };
  if (entry?.is_local || kind?.is_local) return { ...gone, absence: 'LOCAL_FILE' };
  if (kind?.type === 'episode') return { ...gone, absence: 'EPISODE' };
  const { data: track } = trackSchema.safeParse(content);
  if (!track) return gone;
  const item = toTrack(track, { market });
  return { track: item, trackId: item.id, addedAt };
}

export function toPlaylist(playlist: SpotifyPlaylist): Playlist {
  const { owner, items, tracks } = playlist;
  return {
    type: 'PLAYLIST',
    id: toId(playlist.id),
    title: playlist.name,
    description: toPlainText(playlist.description),
    owner: { id: owner ? toId(owner.id) : '', name: owner?.display_name ?? owner?.id ?? '' },
    total: items?.total ?? tracks?.total ?? 0,
    revision: playlist.snapshot_id,
    images: toImages(playlist.images),
    url: urlOf(playlist),
  };
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Descriptions of playlists are HTML with links, although the API promises text. */
function toPlainText(html: string | null): string | null {
  const text = (html ?? '')
    .replace(/<\/?[a-z][^<>]*>/gi, '')
    .replace(/&(#x[\da-f]{1,6}|#\d{1,7}|[a-z]{2,4});/gi, (entity, name: string) => {
      if (!name.startsWith('#')) return ENTITIES[name] ?? entity;
      const code = Number(name.replace('#x', '0x').replace('#', ''));
      return code <= 0x10_ff_ff ? String.fromCodePoint(code) : entity;
    })
    .trim();
  return text === '' ? null : text;
}

export function toArtist(artist: SpotifyArtist): Artist {
  return {
    type: 'ARTIST',
    id: toId(artist.id),
    name: artist.name,
    genres: artist.genres,
    images: toImages(artist.images),
    url: urlOf(artist),
  };
}

export function toShow(show: SpotifyShow): Show {
  return {
    type: 'SHOW',
    id: toId(show.id),
    title: show.name,
    publisher: show.publisher?.trim() || null,
    description: show.description,
    explicit: show.explicit,
    total: show.total_episodes ?? 0,
    languages: [...new Set(show.languages.map((tag) => tag.split('-')[0] ?? tag))],
    images: toImages(show.images),
    url: urlOf(show),
  };
}

export function toEpisode(episode: SpotifyEpisode): Episode {
  return {
    type: 'EPISODE',
    id: toId(episode.id),
    title: episode.name,
    description: episode.description,
    show: episode.show && toShow(episode.show),
    durationMs: episode.duration_ms || null,
    explicit: episode.explicit,
    releaseDate: episode.release_date,
    images: toImages(episode.images),
    url: urlOf(episode),
  };
}
