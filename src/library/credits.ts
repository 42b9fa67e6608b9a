import { artistKey } from '../catalog/normalize.js';
import { isVarious, VARIOUS_ARTISTS, type PathTags } from './path-tags.js';
import { cleanText, type RawTags } from './raw-tags.js';

export interface Credits {
  artists: string[];
  /** As the tag says, or the folder of an untagged file; empty where neither does. */
  albumArtist: string;
}

export function creditsOf(raw: RawTags, path: PathTags): Credits {
  const tagged = splitCredits(raw.artists, raw);
  const artists = tagged.length > 0 ? tagged : splitCredits([path.artist ?? ''], raw);
  const various = raw.compilation ? VARIOUS_ARTISTS : '';
  const folder = isTagged(raw) ? '' : cleanText(path.albumArtist);
  const albumArtist = cleanText(raw.albumArtist) || various || folder;
  return { artists, albumArtist: isVarious(albumArtist) ? VARIOUS_ARTISTS : albumArtist };
}

export const isTagged = (raw: RawTags): boolean =>
  cleanText(raw.title) !== '' || raw.artists.some((name) => cleanText(name));

const MAX_ARTISTS = 20;
const BETWEEN_ARTISTS = /[\0;]|\s[([]?(?:feat|ft|featuring)(?:\.\s*|\s+)/i;
const SPACED_SLASH = /\s\/\s/;

type SplitRules = Pick<RawTags, 'albumArtist' | 'slashes'>;

/** `A feat. B; C / D` are four artists. Not split at "&" or ",", which are part of some names. */
function splitCredits(names: readonly string[], rules: SplitRules): string[] {
  const byKey = new Map<string, string>();
  for (const part of names.flatMap((name) => splitName(name, rules))) {
    const name = cleanText(part.replace(/^([^([]*)[)\]]$/, '$1'));
    const key = artistKey(name);
    if (name && !byKey.has(key)) byKey.set(key, name);
    if (byKey.size === MAX_ARTISTS) break;
  }
  return [...byKey.values()];
}

function splitName(name: string, rules: SplitRules): string[] {
  return name.split(BETWEEN_ARTISTS).flatMap((part) => splitAtSlashes(part, rules));
}

/** An album artist of the same text says that it is one name. */
function splitAtSlashes(name: string, { albumArtist, slashes }: SplitRules): string[] {
  if (!name.includes('/') || cleanText(name) === cleanText(albumArtist)) return [name];
  const parts = name.split(slashes ? '/' : SPACED_SLASH);
  return !slashes || parts.every((part) => part.trim().length > MAX_SHORT_NAME) ? parts : [name];
}

/** In ID3v2.3 a slash separates artists, and nothing protects names with one: AC/DC, M/A/R/R/S. */
const MAX_SHORT_NAME = 3;
