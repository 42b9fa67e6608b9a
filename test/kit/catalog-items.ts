import type { Album, Artist, Episode, Playlist, Show, Track } from '../../src/catalog/catalog-item.js';

/** Builders for items of stubbed catalogs. */

export function makeArtist(id: string, own: Partial<Artist> = {}): Artist {
  return { type: 'ARTIST', id, name: `Artist ${id}`, genres: [], images: [], url: null, ...own };
}

export function makeAlbum(id: string, own: Partial<Album> = {}): Album {
  return {
    type: 'ALBUM',
    id,
    title: `Album ${id}`,
    artists: [],
    group: 'ALBUM',
    releaseDate: null,
    trackTotal: 0,
    discTotal: 1,
    upc: null,
    label: null,
    copyright: null,
    genres: [],
    images: [],
    url: null,
    ...own,
  };
}

export function makeTrack(id: string, own: Partial<Track> = {}): Track {
  return {
    type: 'TRACK',
    id,
    title: `Track ${id}`,
    artists: [],
    album: null,
    durationMs: 200_000,
    explicit: false,
    trackNumber: null,
    discNumber: null,
    isrc: null,
    genres: [],
    url: null,
    ...own,
  };
}

export function makePlaylist(id: string, own: Partial<Playlist> = {}): Playlist {
  return {
    type: 'PLAYLIST',
    id,
    title: `Playlist ${id}`,
    description: null,
    owner: { id: '', name: 'Somebody' },
    total: 0,
    revision: null,
    images: [],
    url: null,
    ...own,
  };
}

export function makeShow(id: string, own: Partial<Show> = {}): Show {
  return {
    type: 'SHOW',
    id,
    title: `Show ${id}`,
    publisher: null,
    description: null,
    explicit: false,
    total: 0,
    languages: [],
    images: [],
    url: null,
    ...own,
  };
}

export function makeEpisode(id: string, own: Partial<Episode> = {}): Episode {
  return {
    type: 'EPISODE',
    id,
    title: `Episode ${id}`,
    description: null,
    show: null,
    durationMs: null,
    explicit: false,
    releaseDate: null,
    images: [],
    url: null,
    ...own,
  };
}
