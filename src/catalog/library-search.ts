import { normaliseText } from './normalise.js';

/** One LIKE pattern for each word of a search, for `LIKE ALL`; none for an empty search, which finds all. */
export function wordPatterns(text: string): string[] {
  return normaliseText(text)
    .split(/\s+/)
    .filter(Boolean)
    .slice(0, MAX_WORDS)
    .map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`);
}

const MAX_WORDS = 20;
