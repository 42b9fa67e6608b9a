/** What a path format may hold between percent signs (rest-contract §7). */
export const PATH_PLACEHOLDERS = [
  'music',
  'artist',
  'album',
  'ar_album',
  'tracknum',
  'discnum',
  'year',
  'date',
  'genre',
  'isrc',
  'explicit',
  'duration',
  'playlist',
  'playlistnum',
  'quality',
] as const;

const NUMBERED = /^(?:artist|ar_album)_[1-9]\d?$/;

/** The placeholders of a format that stand for nothing, as they are written. */
export function unknownPlaceholders(format: string): string[] {
  const written = [...format.matchAll(/%([A-Za-z][A-Za-z0-9_]*)%/g)].map(([, name = '']) => name);
  const known: readonly string[] = PATH_PLACEHOLDERS;
  return written.filter((name) => !known.includes(name) && !NUMBERED.test(name)).map((name) => `%${name}%`);
}

/** All of them, for people. */
export const PLACEHOLDERS_ALLOWED = [...PATH_PLACEHOLDERS, 'artist_N', 'ar_album_N']
  .map((name) => `%${name}%`)
  .join(' ');
