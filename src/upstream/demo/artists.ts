import { GAUGE } from './gauge.js';
import type { DemoArtist } from './music.js';

const artist = (slug: string, name: string, genres: readonly string[]): DemoArtist => ({
  slug,
  name,
  genres,
});

export const VARIOUS_ARTISTS = 'various-artists';

/** All invented; not one of them is meant to be anyone. */
export const ARTISTS: readonly DemoArtist[] = [
  artist('saltglass-choir', 'Saltglass Choir', ['Ambient', 'Choral']),
  artist('cartographers-umbrella', 'The Cartographer’s Umbrella', ['Chamber Pop']),
  artist('otter-and-semaphore', 'Otter & Semaphore', ['Indie Folk']),
  artist('brass-meridian-nine', 'Brass Meridian Nine', ['Brass', 'Jazz']),
  artist('juniper-voltmeter', 'Juniper Voltmeter', ['Electronic']),
  artist('moebel-fuer-moewen', 'Möbel für Möwen', ['Krautrock']),
  artist('soeurs-boussole', 'Sœurs Boussole', ['Chanson']),
  artist('tin-almanac-orchestra', 'Tin Almanac Orchestra', ['Classical']),
  artist('lamp-keepers-club', '灯台守クラブ', ['City Pop']),
  artist('dj-barnacle-protocol', 'DJ Barnacle Protocol', ['Dub', 'Electronic']),
  artist(GAUGE, 'The Tide Gauge', ['Drone']),
  artist('ten-thousand-tides', 'The Ten Thousand Tides', ['Drone']),
  artist(VARIOUS_ARTISTS, 'Various Artists', []),
];
