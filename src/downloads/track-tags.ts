import type { Track } from '../catalog/catalog-item.js';
import type { RawTags } from '../library/tag-reader.js';
import type { TrackTags } from '../media/media.js';
import type { Rendition } from '../catalog/audio-source.js';

/**
 * What the file will say about itself: what the catalogue says or, where that is not wanted, what the source's own
 * file said as far as it did. The comment keeps where the audio came from and on what terms.
 */
export function tagsFor(
  track: Track,
  rendition: Pick<Rendition, 'source' | 'licence'>,
  own: RawTags | null,
): TrackTags {
  const tags = catalogueTags(track, rendition);
  return own ? { ...tags, ...ownTags(own) } : tags;
}

/** Only what it says. */
function ownTags(own: RawTags): Partial<TrackTags> {
  const said: Partial<TrackTags> = {
    title: own.title ?? '',
    artists: own.artists.filter(Boolean),
    album: own.album,
    albumArtists: own.albumArtist ? [own.albumArtist] : [],
    trackNumber: own.trackNumber,
    trackTotal: own.trackTotal,
    discNumber: own.discNumber,
    discTotal: own.discTotal,
    date: own.date,
    isrc: own.isrc,
    upc: own.upc,
    genres: own.genres.filter(Boolean),
    label: own.label,
    copyright: own.copyright,
  };
  const isSaid = (value: unknown) => (Array.isArray(value) ? value.length > 0 : Boolean(value));
  return Object.fromEntries(Object.entries(said).filter(([, value]) => isSaid(value)));
}

function catalogueTags(track: Track, rendition: Pick<Rendition, 'source' | 'licence'>): TrackTags {
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
