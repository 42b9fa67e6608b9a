/** How the demo's music is written down: short, and expanded by collection.ts. */

/** Faults in the audio of a track, which source.ts simulates. */
export const TROUBLES = [
  'slow',
  'flaky',
  'failing',
  'missing',
  'cutOff',
  'garbage',
  'empty',
  'stalled',
  'limited',
] as const;
export type Trouble = (typeof TROUBLES)[number];

export interface DemoArtist {
  /** Its id without `demo:`. Slugs are unique over artists, albums, tracks and playlists together. */
  slug: string;
  name: string;
  genres: readonly string[];
}

export interface DemoTrack {
  title: string;
  seconds: number;
  explicit?: true;
  /** Slugs of its artists, where they are not the album's. */
  by?: readonly string[];
  /** Slugs of guests, after the artists. */
  with?: readonly string[];
  /** Slug of another track with the same recording; title, length, artists and ISRC come from there. */
  recording?: string;
  trouble?: Trouble;
}

export type CoverDesign = 'horizon' | 'rings' | 'quarters' | 'stripes' | 'waves' | 'dots' | 'peaks' | 'beams';

export interface DemoAlbum {
  slug: string;
  /** From 1 to 89, never given twice: its UPC and its tracks' ISRCs are made from it. 0 for one that has neither. */
  number: number;
  title: string;
  by: readonly string[];
  group: 'ALBUM' | 'SINGLE' | 'COMPILATION';
  /** `YYYY` or `YYYY-MM-DD`. */
  released: string;
  /** Null for a self-released album, which has no UPC, ISRCs or copyright line either. */
  label: string | null;
  genres: readonly string[];
  cover: { design: CoverDesign; /** `#rrggbb`, background first. */ colors: readonly string[] };
  discs: readonly (readonly DemoTrack[])[];
}

export interface DemoPlaylist {
  slug: string;
  title: string;
  description: string;
  total: number;
  /** Slug of the track at a position from 0; null for a missing track. */
  entryAt(position: number): string | null;
}

export interface DemoEpisode {
  title: string;
  description: string;
  seconds: number;
  released: string;
}

/** Its episodes can be found and shown; they have no audio. */
export interface DemoShow {
  slug: string;
  title: string;
  publisher: string;
  description: string;
  languages: readonly string[];
  explicit: boolean;
  /** The oldest first; an episode's slug is made from its show's and its number. */
  episodes: readonly DemoEpisode[];
}

export interface PlacedEpisode extends DemoEpisode {
  slug: string;
  show: DemoShow;
}

/** A track with the facts of its album and artists. */
export interface PlacedTrack {
  slug: string;
  title: string;
  artists: readonly DemoArtist[];
  durationMs: number;
  explicit: boolean;
  trouble: Trouble | null;
  isrc: string | null;
  genres: readonly string[];
  /** Slug of the track that its audio is made from: its own, except on a compilation. */
  recording: string;
  place: { album: DemoAlbum; disc: number; position: number } | null;
}

export function song(
  title: string,
  seconds: number,
  more: Omit<DemoTrack, 'title' | 'seconds'> = {},
): DemoTrack {
  return { title, seconds, ...more };
}
