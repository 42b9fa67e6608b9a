import type { AlbumGroup } from './album-group.js';

/** What a catalogue can hold. */
export const CATALOG_TYPES = ['TRACK', 'ALBUM', 'PLAYLIST', 'ARTIST', 'EPISODE', 'SHOW'] as const;
export type CatalogType = (typeof CATALOG_TYPES)[number];

export { ALBUM_GROUPS, type AlbumGroup } from './album-group.js';

/**
 * Goes up with every change of what is in an item or in a page: answers of catalogues are kept in the database over
 * upgrades (cached-catalog.ts), and those of another shape are not read.
 */
export const SHAPES_VERSION = 1;

/** Ids are `provider:id` everywhere inside, for example `demo:night-drive-03` or `library:Zk3…`. */
export interface ArtistRef {
  id: string;
  name: string;
}

export interface Image {
  url: string;
  widthPx: number | null;
  heightPx: number | null;
}

export interface Album {
  type: 'ALBUM';
  id: string;
  title: string;
  artists: ArtistRef[];
  group: AlbumGroup;
  /** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. */
  releaseDate: string | null;
  trackTotal: number;
  discTotal: number;
  upc: string | null;
  label: string | null;
  copyright: string | null;
  genres: string[];
  images: Image[];
  /** A page about it for people, where there is one. */
  url: string | null;
}

export interface Track {
  type: 'TRACK';
  id: string;
  title: string;
  artists: ArtistRef[];
  album: Album | null;
  durationMs: number;
  explicit: boolean;
  trackNumber: number | null;
  discNumber: number | null;
  isrc: string | null;
  genres: string[];
  url: string | null;
}

export interface Playlist {
  type: 'PLAYLIST';
  id: string;
  title: string;
  description: string | null;
  owner: ArtistRef;
  /** Entries, missing ones included. */
  total: number;
  /** Changes when the entries change; null where the catalogue has no such mark. */
  revision: string | null;
  images: Image[];
  url: string | null;
}

export interface Artist {
  type: 'ARTIST';
  id: string;
  name: string;
  genres: string[];
  images: Image[];
  url: string | null;
}

/** A podcast. */
export interface Show {
  type: 'SHOW';
  id: string;
  title: string;
  /** Who makes it; empty where the catalogue does not say. */
  publisher: string;
  description: string | null;
  explicit: boolean;
  /** Episodes. */
  total: number;
  /** ISO 639-1, where known. */
  languages: string[];
  images: Image[];
  url: string | null;
}

export interface Episode {
  type: 'EPISODE';
  id: string;
  title: string;
  description: string | null;
  /** Null where the catalogue does not say it with each episode. */
  show: Show | null;
  durationMs: number;
  explicit: boolean;
  /** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. */
  releaseDate: string | null;
  images: Image[];
  url: string | null;
}

/** What can be downloaded. */
export type QueueableItem = Track | Album | Playlist | Artist;
export type CatalogItem = QueueableItem | Show | Episode;

/** What a person would call it. */
export function titleOf(item: CatalogItem): string {
  return item.type === 'ARTIST' ? item.name : item.title;
}
