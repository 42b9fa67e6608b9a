import type { AlbumGroup } from '../catalog/catalog-item.js';
import type { Page, PageRequest } from '../catalog/catalog-source.js';
import type { LibraryFile } from './library-file.js';

/** The files of one album, taken together. */
export interface LibraryAlbum {
  id: string;
  title: string;
  artistId: string;
  artistName: string;
  /** In a list of one artist's albums: what the album is to that artist. */
  group: AlbumGroup;
  trackTotal: number;
  discTotal: number;
  releaseDate: string | null;
  upc: string | null;
  label: string | null;
  copyright: string | null;
  genres: string[];
}

export interface LibraryArtist {
  id: string;
  name: string;
  genres: string[];
}

export interface LibraryTrack {
  file: LibraryFile;
  /** Null for a file that is on no album. */
  album: LibraryAlbum | null;
}

/** What a track of another catalogue is looked up by; the matcher has the last word. */
export interface Wanted {
  title: string;
  isrc: string | null;
  durationMs: number;
}

/**
 * A port: the index of LIBRARY_DIRS as the last scan left it; unreadable files are not in it. Searches find what
 * has every word somewhere, in any case and with or without accents; no words find all.
 */
export interface LibraryIndex {
  searchTracks(text: string, page: PageRequest): Promise<Page<LibraryTrack>>;
  searchAlbums(text: string, page: PageRequest): Promise<Page<LibraryAlbum>>;
  searchArtists(text: string, page: PageRequest): Promise<Page<LibraryArtist>>;
  findTrack(id: string): Promise<LibraryTrack | null>;
  findAlbum(id: string): Promise<LibraryAlbum | null>;
  findArtist(id: string): Promise<LibraryArtist | null>;
  /** In the order of discs and tracks. */
  listAlbumTracks(albumId: string, page: PageRequest): Promise<Page<LibraryTrack>>;
  /** The newest first. */
  listArtistAlbums(
    artistId: string,
    query: PageRequest & { groups: readonly AlbumGroup[] },
  ): Promise<Page<LibraryAlbum>>;
  /** Files with the same ISRC or normalised title and about the same length; at most 100. */
  listCandidates(wanted: Wanted): Promise<LibraryFile[]>;
}
