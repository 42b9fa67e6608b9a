export interface DocumentCache<T> {
  get(text: string): T | undefined;
  set(text: string, value: T): void;
}

/** All texts in a cache together. A parsed document takes up to some hundred times its text. */
const MAX_TOTAL_CHARS = 256 * 1024;
/** A longer text is a stranger's, and is not kept. */
const MAX_TEXT_CHARS = 16 * 1024;

/**
 * Keeps what was made of documents lately asked for, by their text. Yoga's own caches are bounded by count
 * only: 1,024 different documents of 1 MiB would stay for an hour.
 */
export function createDocumentCache<T>(): DocumentCache<T> {
  const entries = new Map<string, T>();
  let totalChars = 0;
  const forget = (text: string) => {
    if (entries.delete(text)) totalChars -= text.length;
  };
  return {
    get(text) {
      const value = entries.get(text);
      if (value === undefined) return undefined;
      // A Map iterates in order of insertion: the entry used last goes last.
      entries.delete(text);
      entries.set(text, value);
      return value;
    },
    set(text, value) {
      if (text.length > MAX_TEXT_CHARS) return;
      forget(text);
      entries.set(text, value);
      totalChars += text.length;
      for (const oldest of entries.keys()) {
        if (totalChars <= MAX_TOTAL_CHARS) break;
        forget(oldest);
      }
    },
  };
}
