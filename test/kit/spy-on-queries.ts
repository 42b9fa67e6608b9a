import type { Database } from '../../src/database/prisma.js';
import type { Platform } from '../../src/platform.js';

type Methods = Record<string, (...args: unknown[]) => unknown>;

/** Counts what goes through the clients' own methods, which every store uses, until it is asked how many. */
export function spyOnQueries({ db, reads }: Pick<Platform, 'db' | 'reads'>): () => number {
  const counts = [spyOn(db), spyOn(reads.db)];
  return () => counts.reduce((sum, count) => sum + count(), 0);
}

function spyOn(db: Database): () => number {
  let count = 0;
  const models = [db.task, db.libraryFile, db.catalogCacheEntry, db.session, db.user] as unknown as Methods[];
  const restore = [
    ...models.flatMap((model) =>
      ['findMany', 'findFirst', 'findUnique', 'count', 'groupBy'].map((name) =>
        wrap(model, name, () => (count += 1)),
      ),
    ),
    wrap(db as unknown as Methods, '$queryRaw', (args) => {
      if (!isOfSession(args)) count += 1;
    }),
  ];
  return () => {
    restore.forEach((undo) => undo());
    return count;
  };
}

/** One for each request while authentication is on. */
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
