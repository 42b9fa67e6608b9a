import { normaliseText } from './normalize.js';

const MAX_WORDS = 20;

/** The words of a search as they are compared; none for an empty search. */
export function searchWords(text: string): string[] {
  return normaliseText(text).split(/\s+/).filter(Boolean).slice(0, MAX_WORDS);
}

/** One LIKE pattern for each word of a search, for `LIKE ALL`; none for an empty search, which finds all. */
export function wordPatterns(text: string): string[] {
  return searchWords(text).map((word) => `%${escapeLike(word)}%`);
}

/** A word in which nothing has a meaning of its own to LIKE. */
export function escapeLike(word: string): string {
  return word.replace(/[\\%_]/g, '\\$&');
}
