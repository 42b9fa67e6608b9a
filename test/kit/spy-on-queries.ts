import type { Database } from '../../src/database/prisma.js';
import type { Platform } from '../../src/platform.js';

type Methods = Record<string, (...args: unknown[]) => unknown>;

interface SpyOptions {
  /** Also the one by which each request is identified while authentication is on. */
  ofSessions?: boolean;
}

/** Counts what goes through the clients' own methods, which every store uses, until it is asked how many. */
export function spyOnQueries(
  { db, reads }: Pick<Platform, 'db' | 'reads'>,
  { ofSessions = false }: SpyOptions = {},
): () => number {
  const counts = [spyOn(db, ofSessions), spyOn(reads.db, ofSessions)];
  return () => counts.reduce((sum, count) => sum + count(), 0);
}

function spyOn(db: Database, ofSessions: boolean): () => number {
  let count = 0;
  const models = [
    ...[db.task, db.libraryFile, db.libraryAlbum, db.libraryArtist, db.catalogCacheEntry],
    ...[db.session, db.user],
  ] as unknown as Methods[];
  const restore = [
    ...models.flatMap((model) =>
      ['findMany', 'findFirst', 'findUnique', 'count', 'groupBy'].map((name) =>
        wrap(model, name, () => (count += 1)),
      ),
    ),
    wrap(db as unknown as Methods, '$queryRaw', (args) => {
      if (ofSessions || !isOfSession(args)) count += 1;
    }),
  ];
  return () => {
    restore.forEach((undo) => undo());
    return count;
  };
}

function isOfSession([sql]: unknown[]): boolean {
  return JSON.stringify(sql).includes('"Session\\"');
}

function wrap(
  target: Record<string, (...args: unknown[]) => unknown>,
  name: string,
  onCall: (args: unknown[]) => void,
): () => void {
  const original = target[name];
  if (!original) throw new Error(name);
  target[name] = (...args) => {
    onCall(args);
    return original.apply(target, args);
  };
  return () => {
    target[name] = original;
  };
}
