import { createGate, type GateLimits } from '../lib/gate.js';
import { withSignal, type Database, type Db } from './prisma.js';

export interface Reader {
  viewer: { id: string };
  /** Aborts when the client has gone. */
  signal: AbortSignal;
}

/** Searches, deep pages and snapshots: on connections of their own, so that they only delay each other. */
export interface ExpensiveReads {
  /** `read` must use the given client. Throws LimitExceededError when busy. */
  run<T>(reader: Reader, read: (db: Db) => Promise<T>): Promise<T>;
  /** For code inside `run` that has no parameter for it. */
  db: Database;
}

export const READ_LIMITS: GateLimits = {
  atOnce: 4,
  atOncePerKey: 3,
  waitingPerKey: 100,
  waitMs: 3_000,
};

/** `db` is a client with the time limit `statementMs` and a canceller. */
export function createExpensiveReads(db: Database, limits: GateLimits = READ_LIMITS): ExpensiveReads {
  const gate = createGate(limits);
  return {
    db,
    run: ({ viewer, signal }, read) =>
      gate({ key: viewer.id, signal }, async () => {
        try {
          return await withSignal(signal, () => read(db));
        } catch (thrown) {
          signal.throwIfAborted();
          throw thrown;
        }
      }),
  };
}
