import type { Clock } from '../../lib/clock.js';
import { song, type DemoAlbum, type DemoTrack } from './music.js';

/* An artist to watch: every ten minutes a single appears, made by a rule, and the oldest of twelve is withdrawn. */

export const GAUGE = 'tide-gauge';
export const TURN_MS = 10 * 60_000;
const LISTED = 12;

const COVER = { design: 'rings', colors: ['#0b132b', '#5bc0be', '#3a506b', '#6fffe9'] } as const;

/** By its slug, also one that is no longer listed, or not yet; null for any other slug. */
export function createReading(slug: string): DemoAlbum | null {
  const turn = Number(/^gauge-(\d{7})$/.exec(slug)?.[1] ?? 0);
  if (turn === 0) return null;
  const at = new Date(turn * TURN_MS).toISOString();
  return {
    slug,
    number: 0,
    title: `Reading of ${at.slice(0, 10)}, ${at.slice(11, 16)}`,
    by: [GAUGE],
    group: 'SINGLE',
    released: at.slice(0, 10),
    label: null,
    genres: ['Drone'],
    cover: COVER,
    discs: [[song('Flood', 8), song('Ebb', 9)]],
  };
}

/** Newest first. */
export function listReadings(clock: Clock): DemoAlbum[] {
  const turn = Math.floor(clock.now().getTime() / TURN_MS);
  return Array.from({ length: LISTED }, (_, age) => createReading(`gauge-${turn - age}`)).filter(
    (album) => album !== null,
  );
}

/** The track with this slug, with its place; null for any other slug. */
export function findReadingTrack(
  slug: string,
): { album: DemoAlbum; position: number; track: DemoTrack } | null {
  const [, albumSlug = '', place = ''] = /^(gauge-\d{7})-1-(\d\d)$/.exec(slug) ?? [];
  const album = createReading(albumSlug);
  const position = Number(place);
  const track = album?.discs[0]?.[position - 1];
  return album && track ? { album, position, track } : null;
}
