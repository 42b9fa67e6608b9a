import type { Track } from './catalog-item.js';
import { artistKey, normalizeText, titleKey, titleQualifiers } from './normalize.js';

/** A recording that may be the wanted one. */
export interface Candidate {
  title: string;
  artists: readonly string[];
  album: string | null;
  /** 0 when it is not known; then only an ISRC can match. */
  durationMs: number;
  isrc: string | null;
}

/** A wrong ISRC in a file shows by its length. */
const ISRC_TOLERANCE_MS = 10_000;
const TITLE_TOLERANCE_MS = 3_000;

/**
 * Whether both are the same recording; in doubt they are not. The same ISRC says so. Different ones do not say
 * the contrary, because a re-release gets a new code: then, as without codes, title, artist and length decide,
 * and one must not be live, a remix or an instrumental where the other is not.
 */
export function isSameRecording(wanted: Track, candidate: Candidate): boolean {
  if (hasSameIsrc(wanted, candidate)) return true;
  return (
    isWithin(TITLE_TOLERANCE_MS, wanted, candidate) &&
    titleKey(wanted.title) === titleKey(candidate.title) &&
    hasMainArtist(wanted, candidate) &&
    variantOf(wanted.title, wanted.album?.title ?? '') === variantOf(candidate.title, candidate.album ?? '')
  );
}

function hasSameIsrc(wanted: Track, candidate: Candidate): boolean {
  if (!wanted.isrc || !candidate.isrc || compact(wanted.isrc) !== compact(candidate.isrc)) return false;
  const known = wanted.durationMs > 0 && candidate.durationMs > 0;
  return !known || isWithin(ISRC_TOLERANCE_MS, wanted, candidate);
}

const compact = (isrc: string): string => isrc.replace(/[\s-]/g, '').toUpperCase();

function isWithin(toleranceMs: number, a: { durationMs: number }, b: { durationMs: number }): boolean {
  return a.durationMs > 0 && b.durationMs > 0 && Math.abs(a.durationMs - b.durationMs) <= toleranceMs;
}

/** The wanted track's first artist is among the candidate's, alone or in a joint credit. */
function hasMainArtist(wanted: Track, candidate: Candidate): boolean {
  const credit = wanted.artists[0]?.name ?? '';
  const [main = ''] = credit.split(GUESTS);
  if (!main.trim()) return false;
  const names = new Set(candidate.artists.flatMap(namesIn));
  if (names.has(artistKey(credit)) || names.has(artistKey(main))) return true;
  return partsOf(main).every((name) => names.has(artistKey(name)));
}

const GUESTS = /\s[([]?(?:feat|ft|featuring)(?:\.\s*|\s+)/i;
const JOINT = /\s*[,;/&+]\s*|\s+(?:and|x|vs\.?|with|und|et|y)\s+/i;

const partsOf = (credit: string): string[] => credit.split(JOINT).filter((name) => name.trim());

/** A credit as it stands, and each name in it: "Earth, Wind & Fire" is also "Earth", "Wind" and "Fire". */
function namesIn(credit: string): string[] {
  const parts = credit.split(GUESTS).flatMap((part) => [part, ...partsOf(part)]);
  return [credit, ...parts].filter((name) => name.trim()).map(artistKey);
}

const VARIANTS =
  'live unplugged remix remixed remixes instrumental instrumentals karaoke acoustic demo demos'.split(' ');
const LIVE_ALBUM =
  /\b(?:live (?:at|in|from|on)|unplugged|remix(?:es|ed)|instrumentals?|karaoke|acoustic|demos)\b/;

/** What kind of other version the title or its album says it is: `live`, `remix`, …; empty for the usual one. */
function variantOf(title: string, album: string): string {
  const fromAlbum = [LIVE_ALBUM.exec(normalizeText(album))?.[0] ?? '', ...titleQualifiers(album)];
  const words = [...fromAlbum, ...titleQualifiers(title)].flatMap((part) => part.split(' '));
  const kinds = words.filter((word) => VARIANTS.includes(word)).map((word) => KIND[word] ?? word);
  return [...new Set(kinds)].sort().join(' ');
}

/** Other words for the same. */
const KIND: Record<string, string> = {
  unplugged: 'live',
  remixed: 'remix',
  remixes: 'remix',
  instrumentals: 'instrumental',
  demos: 'demo',
};
