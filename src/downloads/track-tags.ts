import type { Track } from '../catalog/catalog-item.js';
import type { TrackTags } from '../media/media.js';
import type { Rendition } from './audio-source.js';

/** What the file will say about itself; the comment keeps where the audio came from and on what terms. */
export function tagsFor(track: Track, rendition: Pick<Rendition, 'source' | 'licence'>): TrackTags {
  const { album } = track;
  return {
    title: track.title,
    artists: track.artists.map((artist) => artist.name),
    album: album?.title ?? null,
    albumArtists: album?.artists.map((artist) => artist.name) ?? [],
    trackNumber: track.trackNumber,
    trackTotal: album?.trackTotal ?? null,
    discNumber: track.discNumber,
    discTotal: album?.discTotal ?? null,
    date: album?.releaseDate ?? null,
    isrc: track.isrc,
    upc: album?.upc ?? null,
    genres: track.genres.length > 0 ? track.genres : (album?.genres ?? []),
    label: album?.label ?? null,
    copyright: album?.copyright ?? null,
    comment: `Source: ${rendition.source}. Licence: ${rendition.licence}`,
  };
}
