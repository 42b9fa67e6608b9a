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
import type { Page, PageRequest, PlaylistEntry } from '../../catalog/catalog-source.js';
import { hashOf, toUpc } from './codes.js';
import { COVER_PX } from './cover.js';
import type { DemoAlbum, DemoArtist, DemoPlaylist, DemoShow, PlacedEpisode, PlacedTrack } from './music.js';

export const PROVIDER = 'demo';

const OWNER: ArtistRef = { id: toId('harbour-radio'), name: 'Harbour Radio' };
const FIRST_ADDED_MS = Date.parse('2025-01-01T06:00:00Z');
const MINUTE_MS = 60_000;

export function toId(slug: string): string {
  return `${PROVIDER}:${slug}`;
}

/** The slug in an id of the demo; empty for an id of another catalog. */
export function slugOf(id: string): string {
  return id.startsWith(`${PROVIDER}:`) ? id.slice(PROVIDER.length + 1) : '';
}

/** Pictures are drawn when they are needed (cover.ts); none of the items has a web page. */
function pictured(slug: string): { images: Image[]; url: null } {
  return { images: [{ url: toId(slug), widthPx: COVER_PX, heightPx: COVER_PX }], url: null };
}

export function toArtist(artist: DemoArtist): Artist {
  return { type: 'ARTIST', ...toArtistRef(artist), genres: [...artist.genres], ...pictured(artist.slug) };
}

function toArtistRef(artist: DemoArtist): ArtistRef {
  return { id: toId(artist.slug), name: artist.name };
}

type ArtistLookup = ReadonlyMap<string, DemoArtist>;

/** @param group how the album belongs to the artist whose list it is in, if not by its own group */
export function toAlbum(artists: ArtistLookup, album: DemoAlbum, group: AlbumGroup = album.group): Album {
  const { label } = album;
  return {
    type: 'ALBUM',
    id: toId(album.slug),
    title: album.title,
    artists: album.by.flatMap((slug) => artists.get(slug) ?? []).map(toArtistRef),
    group,
    releaseDate: album.released,
    trackTotal: album.discs.flat().length,
    discTotal: album.discs.length,
    upc: label ? toUpc(album.number) : null,
    label,
    copyright: label ? `℗ ${album.released.slice(0, 4)} ${label}, which is invented; the audio is CC0` : null,
    genres: [...album.genres],
    ...pictured(album.slug),
  };
}

export function toTrack(artists: ArtistLookup, track: PlacedTrack): Track {
  const { place } = track;
  return {
    type: 'TRACK',
    id: toId(track.slug),
    title: track.title,
    artists: track.artists.map(toArtistRef),
    album: place ? toAlbum(artists, place.album) : null,
    durationMs: track.durationMs,
    explicit: track.explicit,
    trackNumber: place?.position ?? null,
    discNumber: place?.disc ?? null,
    isrc: track.isrc,
    genres: [...track.genres],
    url: null,
  };
}

export function toPlaylist(playlist: DemoPlaylist): Playlist {
  return {
    type: 'PLAYLIST',
    id: toId(playlist.slug),
    title: playlist.title,
    description: playlist.description,
    owner: { ...OWNER },
    total: playlist.total,
    revision: revisionOf(playlist),
    ...pictured(playlist.slug),
  };
}

function revisionOf(playlist: DemoPlaylist): string {
  const entries = Array.from({ length: playlist.total }, (_, position) => playlist.entryAt(position) ?? '');
  return hashOf(entries.join('\n')).toString(16).padStart(8, '0');
}

/** @param slug of the track; null for an entry that is gone */
export function toPlaylistEntry(slug: string | null, track: Track | null, position: number): PlaylistEntry {
  const trackId = slug === null ? null : toId(slug);
  return { track, trackId, addedAt: new Date(FIRST_ADDED_MS + position * MINUTE_MS).toISOString() };
}

export function toShow(show: DemoShow): Show {
  return {
    type: 'SHOW',
    id: toId(show.slug),
    title: show.title,
    publisher: show.publisher,
    description: show.description,
    explicit: show.explicit,
    total: show.episodes.length,
    languages: [...show.languages],
    ...pictured(show.slug),
  };
}

export function toEpisode({ show, ...episode }: PlacedEpisode): Episode {
  return {
    type: 'EPISODE',
    id: toId(episode.slug),
    title: episode.title,
    description: episode.description,
    show: toShow(show),
    durationMs: episode.seconds * 1000,
    explicit: show.explicit,
    releaseDate: episode.released,
    ...pictured(show.slug),
  };
}

/** Converts only the items of the page. */
export function pageOf<T, R>(
  all: readonly T[],
  { offset, limit }: PageRequest,
  convert: (one: T) => R,
): Page<R> {
  return { items: all.slice(offset, offset + limit).map(convert), total: all.length };
}
