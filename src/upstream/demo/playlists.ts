import type { Clock } from '../../lib/clock.js';
import { hashOf, toIsrc } from './codes.js';
import { TURN_MS } from './gauge.js';
import type { DemoArtist, DemoPlaylist, PlacedTrack } from './music.js';

const FIRST_WATCH = [
  'night-ferry-1-01',
  'semaphore-love-songs-1-02',
  'kuestennebel-1-06',
  'brass-for-lighthouses-1-01',
  'atlas-of-small-rain-1-03',
  'thirteenth-lamp-1-01',
  null,
  'la-boussole-cassee-1-06',
  'parking-lot-regatta-1-02',
  'tin-almanac-2-1-04',
  'hull-frequencies-1-05',
  'low-tide-radio-1-03',
];

const ALL_HANDS_TOTAL = 137;
/** Longer tracks are left out of the playlist of 137, so that all of it can be downloaded in a while. */
const SHORT_MS = 30_000;

export function createPlaylists(tracks: readonly PlacedTrack[], clock: Clock): DemoPlaylist[] {
  return [
    listed(
      { slug: 'first-watch', title: 'First Watch', description: 'Twelve to stay awake by.' },
      FIRST_WATCH,
    ),
    listed({ slug: 'all-hands', title: 'All Hands', description: 'Everyone on deck.' }, allHands(tracks)),
    listed({ slug: 'empty-quay', title: 'Empty Quay', description: 'Nothing here yet.' }, []),
    {
      slug: 'dog-watch',
      title: 'Dog Watch',
      description: 'Twelve tracks; every ten minutes the oldest leaves and another comes.',
      total: DOG_WATCH_TOTAL,
      entryAt: createRelief(allHands(tracks), clock),
    },
    {
      slug: 'ten-thousand',
      title: 'Ten Thousand Tides',
      description: 'Every tide for nearly fourteen years, in order.',
      total: TIDE_TOTAL,
      entryAt: (position) => tideSlug(position + 1),
    },
  ];
}

function listed(
  about: Pick<DemoPlaylist, 'slug' | 'title' | 'description'>,
  entries: readonly (string | null)[],
): DemoPlaylist {
  return { ...about, total: entries.length, entryAt: (position) => entries[position] ?? null };
}

/** Short, healthy recordings, each once, well shuffled. */
function allHands(tracks: readonly PlacedTrack[]): string[] {
  return tracks
    .filter((track) => !track.trouble && track.recording === track.slug && track.durationMs <= SHORT_MS)
    .map((track) => track.slug)
    .sort((one, other) => hashOf(one) - hashOf(other))
    .slice(0, ALL_HANDS_TOTAL);
}

const DOG_WATCH_TOTAL = 12;

function createRelief(slugs: readonly string[], clock: Clock): DemoPlaylist['entryAt'] {
  return (position) => {
    if (position >= DOG_WATCH_TOTAL) return null;
    const turn = Math.floor(clock.now().getTime() / TURN_MS);
    return slugs[(turn + position) % slugs.length] ?? null;
  };
}

/** Tracks made by a rule: `tide-00001` to `tide-10000`, on no album. */
const TIDE_TOTAL = 10_000;

function tideSlug(number: number): string {
  return `tide-${String(number).padStart(5, '0')}`;
}

/** The track with this slug, made when it is needed; null for any other slug. */
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
