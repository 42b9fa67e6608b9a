/** What can be found: by the words of its title, and by words beside it (artists, album). */
export interface Findable<T> {
  item: T;
  title: string;
  beside: readonly string[];
}

interface Entry<T> {
  item: T;
  title: string;
  titleWords: string[];
  allWords: string[];
}

/** What counts as letters elsewhere although Unicode does not take it apart. */
const LIGATURES: Record<string, string> = {
  œ: 'oe',
  æ: 'ae',
  ø: 'o',
  ß: 'ss',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
};
/** Written without spaces: a word of a query may be anywhere in a title. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** Lower case, no accents, words with one space between; a picture is a word. */
export function foldText(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[œæøßłđðþ]/g, (letter) => LIGATURES[letter] ?? letter);
  return (plain.match(/[\p{L}\p{N}]+|\p{Extended_Pictographic}/gu) ?? []).join(' ');
}

/**
 * A search over a fixed list: every word of the query must begin a word of the item. Best first: the very title,
 * then titles that begin so, then titles that hold all words, then the rest; equals in the list's order.
 */
export function createSearch<T>(findables: readonly Findable<T>[]): (text: string) => T[] {
  const entries = findables.map(toEntry);
  return (text) => {
    const query = foldText(text);
    if (query === '') return [];
    return entries
      .map((entry) => ({ item: entry.item, rank: rankOf(entry, query) }))
      .filter((hit) => hit.rank !== null)
      .sort((one, other) => Number(one.rank) - Number(other.rank))
      .map((hit) => hit.item);
  };
}

function toEntry<T>({ item, title, beside }: Findable<T>): Entry<T> {
  const titleWords = wordsOf(title);
  return { item, title: foldText(title), titleWords, allWords: [...titleWords, ...beside.flatMap(wordsOf)] };
}

/** Both ways of reading an apostrophe: `keeper` and `keepers` find “Keeper’s”, `été` and `lété` find “L’été”. */
function wordsOf(text: string): string[] {
  return [text, text.replace(/['’]/g, '')].flatMap((spelling) => foldText(spelling).split(' '));
}

/** Null: not found. */
function rankOf<T>(entry: Entry<T>, query: string): number | null {
  const words = query.split(' ');
  const allIn = (candidates: string[]) =>
    words.every((word) => candidates.some((candidate) => begins(candidate, word)));
  if (!allIn(entry.allWords)) return null;
  if (entry.title === query) return 0;
  if (entry.title.startsWith(query)) return 1;
  return allIn(entry.titleWords) ? 2 : 3;
}

function begins(candidate: string, word: string): boolean {
  return UNSPACED.test(word) ? candidate.includes(word) : candidate.startsWith(word);
}
