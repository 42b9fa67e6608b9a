/* Names for comparison: spellings of one name come out equal, marks of another recording stay. */

/** Letters that Unicode does not decompose. */
const PLAIN_LETTERS: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
};

/** Of lower-case text. */
export function plainLetters(text: string): string {
  return text.replace(/[ßæœøđðþł]/g, (letter) => PLAIN_LETTERS[letter] ?? letter);
}

/** One space for several. Marks of scripts other than Latin, Greek and Cyrillic are letters there, and stay. */
function fold(text: string): string {
  const bare = text
    .replace(/['’‘ʼ`´]/g, '')
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '');
  return plainLetters(bare).replaceAll('ı', 'i').normalize('NFC').replace(/\s+/g, ' ');
}

/** Never empty for visible text. */
export function normalizeText(text: string): string {
  const words = fold(text)
    .replace(/&/g, ' and ')
    .replace(/(?<!\p{L})(?:\p{L}\.){2,}/gu, (initials) => `${initials.replaceAll('.', '')} `)
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, ' ')
    .trim();
  return words || text.trim().toLowerCase();
}

export function artistKey(name: string): string {
  const words = normalizeText(name);
  return words.replace(/^the (?=.)/, '');
}

const BRACKETS = /[([{]([^()[\]{}]*)[)\]}]/g;
const DASH = / [-–—]+ /;
const FEATURED = /(?:[([{] ?| )(?:feat|ft|featuring)[. ][^()[\]{}]*?(?:[)\]}]|(?= [-–—]+ |[([{])|$)/g;

/** In brackets and after a dash: `live at wembley`, `remastered 2011`. */
export function titleQualifiers(title: string): string[] {
  const plain = fold(title).replace(FEATURED, ' ');
  const bracketed = [...plain.matchAll(BRACKETS)].map((match) => match[1] ?? '');
  const dashed = plain.replace(BRACKETS, ' ').split(DASH).slice(1);
  return [...bracketed, ...dashed].map(normalizeText).filter(Boolean);
}

/** Drops guests and release words. "Song - Live" equals "Song (Live)"; "Song" differs from both. */
export function titleKey(title: string): string {
  const plain = fold(title).replace(FEATURED, ' ');
  const unbracketed = plain.replace(BRACKETS, (_, inside: string) => ` ${meaningOf(inside)} `);
  const [base = '', ...qualifiers] = unbracketed.split(DASH);
  const key = [base, ...qualifiers.map(meaningOf)].join(' ');
  return /[\p{L}\p{N}]/u.test(key) ? normalizeText(key) : normalizeText(title);
}

const RELEASE_WORDS = new Set(['remaster', 'remastered', 'remastering', 'explicit', 'bonus', 'official']);
const FILLER_WORDS = new Set(
  'album anniversary audio deluxe digital digitally edition expanded lyric lyrics music track version video'.split(
    ' ',
  ),
);
const RELEASE_PHRASES = new Set(['album version', 'lp version', 'original version', 'original mix']);
const FROM_A_FILM = /^\s*from\s+(?:the\s+)?.{0,40}["“”„«]/;
const YEAR_OR_ORDINAL = /^(?:(?:19|20)\d\d|\d+(?:st|nd|rd|th))$/;

function meaningOf(qualifier: string): string {
  if (FROM_A_FILM.test(qualifier)) return '';
  const words = normalizeText(qualifier).split(' ');
  if (RELEASE_PHRASES.has(words.join(' '))) return '';
  if (!words.some((word) => RELEASE_WORDS.has(word))) return qualifier;
  return words
    .filter((word) => !RELEASE_WORDS.has(word) && !FILLER_WORDS.has(word) && !YEAR_OR_ORDINAL.test(word))
    .join(' ');
}

/** What is found by words of a search. Words of symbols alone, which names may consist of, come last: `deluxe ÷`. */
export function searchKey(text: string): string {
  const words = normalizeText(text);
  if (!VISIBLE.test(words)) return words;
  const symbols = text.split(/\s+/).filter((word) => word && !VISIBLE.test(word) && !JOINS_WORDS.test(word));
  return [words, ...symbols].join(' ');
}

const VISIBLE = /[\p{L}\p{N}\p{M}]/u;
const JOINS_WORDS = /^(?:[-–—|/•·]+|&)$/;

const MAX_WORDS = 20;

/** Symbols only where there is nothing else. */
export function searchWords(text: string): string[] {
  return normalizeText(text).split(/\s+/).filter(Boolean).slice(0, MAX_WORDS);
}

/** For `LIKE`; none for an empty search, which matches all. A word too short for a trigram begins another word. */
export function wordPatterns(text: string): string[] {
  return searchWords(text).map((word) => `%${isShort(word) ? ' ' : ''}${escapeLike(word)}%`);
}

const isShort = (word: string): boolean => [...word].length < 3 && !UNSPACED.test(word);
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;

export function escapeLike(word: string): string {
  return word.replace(/[\\%_]/g, '\\$&');
}
