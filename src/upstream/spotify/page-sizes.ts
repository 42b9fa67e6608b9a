import { readPageSizes, savePageSize } from '../../accounts/service-token-store.js';
import type { Database } from '../../database/prisma.js';

export const LARGE_PAGE = 50;
/** What every app gets. */
export const SMALL_PAGE = 10;

/** Kinds of lists whose pages are limited alike. */
export type ListKind =
  'search' | 'artist albums' | 'album tracks' | 'playlist items' | 'episodes' | 'playlists';

/** Those that an app in development mode gets only small pages of. */
const DOUBTFUL: readonly ListKind[] = ['search', 'artist albums'];

/** How large pages may be for this app; learned from what Spotify refuses, and kept over restarts. */
export interface PageSizes {
  /** @param isFirst a list begins with a size that is known to be allowed */
  of(kind: ListKind, page: { isFirst: boolean }): Promise<number>;
  learn(kind: ListKind, size: number): Promise<void>;
}

/** @param id of the app, as its token has it */
export function createPageSizes(db: Database, id: string): PageSizes {
  const learned = new Map<string, number>();
  let stored: Promise<void> | null = null;
  const readStored = async () => {
    try {
      for (const [kind, size] of Object.entries(await readPageSizes(db, id)))
        if (!learned.has(kind)) learned.set(kind, size);
    } catch (thrown) {
      stored = null;
      throw thrown;
    }
  };
  return {
    async of(kind, { isFirst }) {
      await (stored ??= readStored());
      const known = learned.get(kind);
      if (known !== undefined) return known;
      return DOUBTFUL.includes(kind) && isFirst ? SMALL_PAGE : LARGE_PAGE;
    },
    async learn(kind, size) {
      const known = size > SMALL_PAGE ? LARGE_PAGE : SMALL_PAGE;
      if (learned.get(kind) === known) return;
      learned.set(kind, known);
      await savePageSize(db, id, { kind, size: known });
    },
  };
}
