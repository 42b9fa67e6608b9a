import type { Album, Artist, ArtistRef, Track } from '../catalog/catalog-item.js';
import type { LibraryAlbum, LibraryArtist, LibraryTrack } from './library-index.js';

export function toTrack({ file, album }: LibraryTrack): Track {
  return {
    type: 'TRACK',
    id: file.id,
    title: file.title,
    artists: file.artists.map((name, at): ArtistRef => ({ id: file.artistIds[at] ?? '', name })),
    album: album && toAlbum(album),
    durationMs: file.durationMs,
    explicit: false,
    trackNumber: file.trackNumber,
    discNumber: file.discNumber,
    isrc: file.isrc,
    genres: file.genres,
    url: null,
  };
}

export function toAlbum({ artistId, artistName, ...album }: LibraryAlbum): Album {
  return {
    type: 'ALBUM',
    ...album,
    artists: artistId ? [{ id: artistId, name: artistName }] : [],
    images: [],
    url: null,
  };
}

export function toArtist(artist: LibraryArtist): Artist {
  return { type: 'ARTIST', ...artist, images: [], url: null };
}
