import type { Track } from './catalog-item.js';
import { artistKey, normalizeText, titleKey, titleQualifiers } from './normalize.js';

export interface Candidate {
  title: string;
  artists: readonly string[];
  album: string | null;
  /** Null when unknown; then only an ISRC can match. */
  durationMs: number | null;
  isrc: string | null;
}

/** A file with another length has a wrong ISRC. */
const ISRC_TOLERANCE_MS = 10_000;
const TITLE_TOLERANCE_MS = 3_000;

/** In doubt not. An equal ISRC decides; a different one does not, because a re-release gets a new code. */
export function isSameRecording(track: Track, candidate: Candidate): boolean {
  if (hasSameIsrc(track, candidate)) return true;
  return (
    isWithin(TITLE_TOLERANCE_MS, track, candidate) &&
    titleKey(track.title) === titleKey(candidate.title) &&
    hasMainArtist(track, candidate) &&
    variantOf(track.title, track.album?.title ?? '') === variantOf(candidate.title, candidate.album ?? '')
  );
}

/** Of what `isSameRecording` accepts, the higher the surer: one code may stand on several recordings of a work. */
export function rankMatch(track: Track, candidate: Candidate): number {
  const sameTitle = titleKey(track.title) === titleKey(candidate.title);
  const sameLength = isWithin(TITLE_TOLERANCE_MS, track, candidate);
  return (hasSameIsrc(track, candidate) ? 4 : 0) + (sameTitle ? 2 : 0) + (sameLength ? 1 : 0);
}

/** Codes are written with hyphens, or without. */
export function sameCode(one: string | null, other: string | null): boolean {
  return Boolean(one && other) && compactCode(one ?? '') === compactCode(other ?? '');
}

export interface MatchReport {
  isSame: boolean;
  /** From 0 to 100. */
  score: number;
  /** What is equal; of what is not the same recording, what differs. */
  reason: string;
}

const SCORES = { isrc: 25, title: 30, artist: 20, length: 15, variant: 10 };

export function explainMatch(track: Track, candidate: Candidate): MatchReport {
  const equal = {
    isrc: hasSameIsrc(track, candidate),
    title: titleKey(track.title) === titleKey(candidate.title),
    artist: hasMainArtist(track, candidate),
    length: isWithin(TITLE_TOLERANCE_MS, track, candidate),
    variant:
      variantOf(track.title, track.album?.title ?? '') === variantOf(candidate.title, candidate.album ?? ''),
  };
  const kinds = Object.keys(SCORES) as (keyof typeof SCORES)[];
  const isSame = isSameRecording(track, candidate);
  const named = kinds.filter((kind) => equal[kind] === isSame && !(kind === 'isrc' && !isSame));
  return {
    isSame,
    score: kinds.reduce((sum, kind) => sum + (equal[kind] ? SCORES[kind] : 0), 0),
    reason: `${isSame ? 'equal' : 'differs'}: ${named.map((kind) => WORDS[kind]).join(', ')}`,
  };
}

const WORDS = {
  isrc: 'ISRC',
  title: 'title',
  artist: 'artist',
  length: 'length',
  variant: 'version (live, remix, …)',
};

function hasSameIsrc(track: Track, candidate: Candidate): boolean {
  if (!sameCode(track.isrc, candidate.isrc)) return false;
  return isAboutAsLong(track, candidate);
}

/** Of what has the same code. Unknown lengths do not differ. */
export function isAboutAsLong(one: Timed, other: Timed): boolean {
  const lengthsKnown = one.durationMs !== null && other.durationMs !== null;
  return !lengthsKnown || isWithin(ISRC_TOLERANCE_MS, one, other);
}

/** Without the hyphens and spaces that it may be written with. A UPC of 12 digits is the EAN with a zero before it. */
export const compactCode = (code: string): string =>
  code.replace(/[\s-]/g, '').replace(/^0+/, '').toUpperCase();

type Timed = Pick<Candidate, 'durationMs'>;

/** Not when a length is unknown. */
function isWithin(toleranceMs: number, a: Timed, b: Timed): boolean {
  if (a.durationMs === null || b.durationMs === null) return false;
  return Math.abs(a.durationMs - b.durationMs) <= toleranceMs;
}

function hasMainArtist(track: Track, candidate: Candidate): boolean {
  const credit = track.artists[0]?.name ?? '';
  const [main = ''] = credit.split(GUESTS);
  if (!main.trim()) return false;
  const names = new Set(candidate.artists.flatMap(namesIn));
  if (names.has(artistKey(credit)) || names.has(artistKey(main))) return true;
  return partsOf(main).every((name) => names.has(artistKey(name)));
}

const GUESTS = /\s[([]?(?:feat|ft|featuring)(?:\.\s*|\s+)/i;
const JOINT = /[,;/&+]|\s(?:and|x|vs\.?|with|und|et|y)\s/i;

const partsOf = (credit: string): string[] =>
  credit
    .replace(/\s+/g, ' ')
    .split(JOINT)
    .filter((name) => name.trim());

/** A credit and each name in it: "Earth, Wind & Fire" is also "Earth", "Wind" and "Fire". */
function namesIn(credit: string): string[] {
  const parts = credit.split(GUESTS).flatMap((part) => [part, ...partsOf(part)]);
  return [credit, ...parts].filter((name) => name.trim()).map(artistKey);
}

const VARIANTS =
  'live unplugged remix remixed remixes instrumental instrumentals karaoke acoustic demo demos'.split(' ');
const LIVE_ALBUM =
  /\b(?:live (?:at|in|from|on)|unplugged|remix(?:es|ed)|instrumentals?|karaoke|acoustic|demos)\b/;

/** `live`, `remix`, …; empty for the usual version. */
function variantOf(title: string, album: string): string {
  const fromAlbum = [LIVE_ALBUM.exec(normalizeText(album))?.[0] ?? '', ...titleQualifiers(album)];
  const words = [...fromAlbum, ...titleQualifiers(title)].flatMap((part) => part.split(' '));
  const kinds = words.filter((word) => VARIANTS.includes(word)).map((word) => KIND[word] ?? word);
  return [...new Set(kinds)].sort().join(' ');
}

const KIND: Record<string, string> = {
  unplugged: 'live',
  remixed: 'remix',
  remixes: 'remix',
  instrumentals: 'instrumental',
  demos: 'demo',
};
