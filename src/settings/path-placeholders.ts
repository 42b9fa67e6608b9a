/** From rest-contract §7; `artist` and `ar_album` may have a number. */
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
type PathPlaceholder = (typeof PATH_PLACEHOLDERS)[number];

/** One of several artists, from 1: `%artist_2%`. */
interface NumberedPlaceholder {
  name: 'artist' | 'ar_album';
  number: number;
}

const WRITTEN = /%([A-Za-z][A-Za-z0-9_]*)%/g;
const NUMBERED = /^(artist|ar_album)_([1-9]\d?)$/;

function parse(written: string): PathPlaceholder | NumberedPlaceholder | null {
  const [, name, number] = NUMBERED.exec(written) ?? [];
  if (name) return { name: name as NumberedPlaceholder['name'], number: Number(number) };
  return PATH_PLACEHOLDERS.find((known) => known === written) ?? null;
}

export function countPlaceholders(format: string): number {
  return [...format.matchAll(WRITTEN)].length;
}

export function unknownPlaceholders(format: string): string[] {
  return [...format.matchAll(WRITTEN)]
    .filter(([, name = '']) => parse(name) === null)
    .map(([whole]) => whole);
}

export function fillPlaceholders(
  format: string,
  values: {
    plain: Record<PathPlaceholder, string>;
    numbered(placeholder: NumberedPlaceholder): string;
  },
): string {
  return format.replace(WRITTEN, (whole, name: string) => {
    const placeholder = parse(name);
    if (placeholder === null) return whole;
    return typeof placeholder === 'string' ? values.plain[placeholder] : values.numbered(placeholder);
  });
}

export const PLACEHOLDERS_ALLOWED = [...PATH_PLACEHOLDERS, 'artist_N', 'ar_album_N']
  .map((name) => `%${name}%`)
  .join(' ');
