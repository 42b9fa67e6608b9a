import { toIsrc } from './codes.js';
import { hashOf } from './hash.js';
import type { DemoArtist, PlacedTrack } from './shapes.js';

/** Tracks made by a rule instead of a list: `tide-00001` to `tide-10000`, on no album. */
export const TIDE_TOTAL = 10_000;

export function tideSlug(number: number): string {
  return `tide-${String(number).padStart(5, '0')}`;
}

/** The track with this slug or null; it is made anew each time, ten thousand of them cost nothing. */
export function createTide(slug: string, artist: DemoArtist): PlacedTrack | null {
  const number = Number(/^tide-(\d{5})$/.exec(slug)?.[1] ?? 0);
  if (number < 1 || number > TIDE_TOTAL) return null;
  return {
    slug,
    title: `Tide ${slug.slice('tide-'.length)}`,
    artists: [artist],
    durationMs: 8_000 + 100 * (hashOf(slug) % 40),
    explicit: false,
    trouble: null,
    isrc: toIsrc('26', 90_000 + number - 1),
    genres: artist.genres,
    recording: slug,
    place: null,
  };
}
