import type { Track } from '../catalog/catalog-item.js';
import { fillPlaceholders } from '../settings/path-placeholders.js';
import { DEFAULT_SETTINGS, type Settings } from '../settings/settings.js';
import { cleanPathPart } from '../lib/filenames.js';
import { avoidReserved, cleanPath, foldersOf, MAX_PART_BYTES } from '../settings/path-rules.js';

export interface PathContext {
  track: Track;
  /** `position` counts from 1. */
  playlist: { title: string; position: number; total: number } | null;
  quality: string;
}

export type PathSettings = Pick<
  Settings,
  'customDirFormat' | 'customTrackFormat' | 'padNumbers' | 'padNumberWidth' | 'artistSeparator'
>;

/** Splits the format on `/` before filling it in: no value can add a level or lead out (rest-contract §7). */
export function formatPath(
  settings: PathSettings,
  context: PathContext,
  maxPartBytes = MAX_PART_BYTES,
): string[] {
  const values = placeholderValues(settings, context);
  const folders = foldersOf(settings.customDirFormat);
  const parts = [...folders, settings.customTrackFormat.replaceAll('/', ' ')];
  const [first = '', ...others] = cleanPath(
    parts.map((part) => fillPlaceholders(part, values)),
    maxPartBytes,
  );
  return others.length === 0 ? [first] : [avoidReserved(first), ...others];
}

function placeholderValues(
  settings: PathSettings,
  { track, playlist, quality }: PathContext,
): Parameters<typeof fillPlaceholders>[1] {
  const people = { artist: track.artists, ar_album: track.album?.artists ?? track.artists };
  const pad = (value: number | null | undefined, total: number | undefined) =>
    padNumber(value ?? 0, total ?? 0, settings);
  const date = track.album?.releaseDate ?? '';
  const tracknum = pad(track.trackNumber, track.album?.trackTotal);
  return {
    plain: {
      music: track.title,
      artist: joinNames(people.artist, settings),
      album: track.album?.title ?? track.title,
      ar_album: joinNames(people.ar_album, settings),
      tracknum: sharesFolder(settings, track) ? `${track.discNumber}-${tracknum}` : tracknum,
      discnum: pad(track.discNumber, track.album?.discTotal),
      year: date.slice(0, 4),
      date,
      genre: track.genres[0] ?? track.album?.genres[0] ?? '',
      isrc: track.isrc ?? '',
      explicit: track.explicit ? 'Explicit' : '',
      duration: track.durationMs === null ? '' : String(Math.round(track.durationMs / 1000)),
      playlist: playlist?.title ?? '',
      playlistnum: pad(playlist?.position, playlist?.total),
      quality,
    },
    numbered: ({ name, number }) => (people[name][number - 1] ?? people[name][0])?.name ?? '',
  };
}

/** Discs whose numbers begin again in one folder. A format of the owner's own is left as it is. */
function sharesFolder({ customDirFormat, customTrackFormat }: PathSettings, track: Track): boolean {
  const isUsual = customTrackFormat === DEFAULT_SETTINGS.customTrackFormat;
  const { discNumber, album } = track;
  return (
    isUsual && !customDirFormat.includes('%discnum%') && discNumber !== null && (album?.discTotal ?? 1) > 1
  );
}

function joinNames(people: { name: string }[], settings: PathSettings): string {
  return people.map((person) => person.name).join(settings.artistSeparator);
}

const MIN_AUTO_WIDTH = 2;

function padNumber(value: number, total: number, settings: PathSettings): string {
  const { padNumbers, padNumberWidth } = settings;
  if (!padNumbers) return String(value);
  const width = padNumberWidth === 'auto' ? Math.max(MIN_AUTO_WIDTH, String(total).length) : padNumberWidth;
  return String(value).padStart(width, '0');
}

/** None where all users share one. */
export function userDirectories(userDirectory: string | null): string[] {
  return userDirectory === null ? [] : [avoidReserved(cleanPathPart(userDirectory))];
}

export function qualityOf({
  fileFormat,
  fileBitrateKbps,
}: {
  fileFormat: string | null;
  fileBitrateKbps: number | null;
}): string {
  const format = fileFormat ?? '';
  const lossless = ['FLAC', 'WAV', 'ALAC'].includes(format) || format.startsWith('PCM_');
  return lossless || !fileBitrateKbps ? format : `${format} ${fileBitrateKbps}`;
}
