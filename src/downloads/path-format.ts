import type { Track } from '../catalog/catalog-item.js';
import type { Settings } from '../config/settings.js';
import { cleanPathPart } from '../lib/filenames.js';

/** What a path is made from. */
export interface PathContext {
  track: Track;
  /** The playlist that the track is downloaded for, its length, and the track's place there from 1. */
  playlist: { title: string; position: number; total: number } | null;
  /** For example `FLAC` or `MP3 320`. */
  quality: string;
}

export type PathSettings = Pick<
  Settings,
  'customDirFormat' | 'customTrackFormat' | 'tracknumPadding' | 'padNumberWidth' | 'artistSeparator'
>;

/**
 * A file's path below the download directory, without its extension. The directory format is split on `/` before
 * anything is filled in, so that no value can add a level or lead out (rest-contract §7).
 */
export function formatPath(settings: PathSettings, context: PathContext): string[] {
  const values = placeholderValues(settings, context);
  const directories = settings.customDirFormat.split('/').filter((part) => part !== '');
  return [...directories, settings.customTrackFormat.replaceAll('/', ' ')].map((part) =>
    cleanPathPart(fill(part, values)),
  );
}

function fill(format: string, values: (name: string) => string | null): string {
  return format.replace(/%([a-z_]+?)(?:_(\d{1,2}))?%/g, (whole, name: string, index?: string) =>
    index === undefined ? (values(name) ?? whole) : (values(`${name}_${index}`) ?? whole),
  );
}

function placeholderValues(settings: PathSettings, context: PathContext): (name: string) => string | null {
  const { track, playlist } = context;
  const albumArtists = track.album?.artists ?? track.artists;
  const pad = (value: number | null | undefined, total: number | undefined) =>
    padNumber(value ?? 0, total ?? 0, settings);
  const date = track.album?.releaseDate ?? '';
  const fixed: Record<string, string> = {
    music: track.title,
    artist: joinNames(track.artists, settings),
    album: track.album?.title ?? track.title,
    ar_album: joinNames(albumArtists, settings),
    tracknum: pad(track.trackNumber, track.album?.trackTotal),
    discnum: pad(track.discNumber, track.album?.discTotal),
    year: date.slice(0, 4),
    date,
    genre: track.genres[0] ?? track.album?.genres[0] ?? '',
    isrc: track.isrc ?? '',
    explicit: track.explicit ? 'Explicit' : '',
    duration: String(Math.round(track.durationMs / 1000)),
    playlist: playlist?.title ?? '',
    playlistnum: pad(playlist?.position, playlist?.total),
    quality: context.quality,
  };
  return (name) => fixed[name] ?? numbered(name, { artist: track.artists, ar_album: albumArtists });
}

/** `artist_2` is the second artist; the first stands in where there are fewer. */
function numbered(name: string, people: Record<string, { name: string }[]>): string | null {
  const [, kind, index] = /^(artist|ar_album)_(\d+)$/.exec(name) ?? [];
  const list = kind ? people[kind] : undefined;
  if (!list) return null;
  return (list[Number(index) - 1] ?? list[0])?.name ?? '';
}

function joinNames(people: { name: string }[], settings: PathSettings): string {
  return people.map((person) => person.name).join(settings.artistSeparator);
}

const MIN_AUTO_WIDTH = 2;

function padNumber(value: number, total: number, settings: PathSettings): string {
  const { tracknumPadding, padNumberWidth } = settings;
  if (!tracknumPadding) return String(value);
  const width = padNumberWidth === 'auto' ? Math.max(MIN_AUTO_WIDTH, String(total).length) : padNumberWidth;
  return String(value).padStart(width, '0');
}
