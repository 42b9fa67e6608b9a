import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient, type Prisma } from '../generated/prisma/client.js';
import { delay } from '../lib/async.js';
import { messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import { createImpatientSocket } from './socket-timeout.js';

/** The truth: Prisma over one bounded pool. */
export type Database = PrismaClient;

/** The database, or a transaction on it: what a store function works with. */
export type Db = Prisma.TransactionClient;

export interface DatabaseConnection {
  db: Database;
  /** The connections under `db`, for what Prisma does not do. */
  pool: pg.Pool;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  log: Logger;
  /** Connections at most; default 10. */
  poolSize?: number;
  patience?: Partial<Patience>;
}

/** All in milliseconds. */
export interface Patience {
  /**
   * After how long the server ends a transaction that has no statement to run, and frees what it has locked: at the
   * other end is a process that hangs, or nobody any more. Less than a lease; 10 s by default.
   */
  idleInTransactionMs: number;
  /** After how long without a word from the server a connection is given up; 35 s by default. */
  silenceMs: number;
}

const DEFAULT_POOL_SIZE = 10;
const CONNECT_MS = 10_000;
const IDLE_MS = 30_000;
/** No statement of ours takes that long; one that does holds locks others wait for. */
const STATEMENT_MS = 30_000;
/** Silence: longer than a statement may take, and than a connection is idle before the pool closes it. */
const PATIENCE: Patience = { idleInTransactionMs: 10_000, silenceMs: 35_000 };

export function createDatabase({
  url,
  log,
  poolSize = DEFAULT_POOL_SIZE,
  patience,
}: DatabaseOptions): DatabaseConnection {
  const { idleInTransactionMs, silenceMs } = { ...PATIENCE, ...patience };
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    statement_timeout: STATEMENT_MS,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    stream: () => createImpatientSocket(silenceMs),
    keepAlive: true,
    application_name: 'reprise',
  });
  // An error that nobody listens to ends the process. The pool replaces the connection by itself, and a query
  // that was under way on it fails to whoever sent it.
  let closing = false;
  const onError = (thrown: Error) => {
    if (!closing) log.warn({ error: messageOf(thrown) }, 'a database connection was lost');
  };
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  const db = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    db,
    pool,
    async close() {
      closing = true;
      await db.$disconnect();
      if (!pool.ended) await pool.end();
    },
  };
}

export interface TransactionOptions {
  isolationLevel?: Prisma.TransactionIsolationLevel;
  /** How long the work may take, in milliseconds; default 20 s. */
  timeoutMs?: number;
}

const TRIES = 5;
const RETRY_BASE_MS = 20;
const TRANSACTION_MS = 20_000;
/** How long to wait for a free connection. */
const MAX_WAIT_MS = 10_000;

/**
 * Runs `work` in a transaction, and again when PostgreSQL ended it so that another could go on (deadlock,
 * serialization failure). So `work` does nothing outside the database, and uses `tx` for all of it: the
 * client itself would be a second connection.
 */
export async function inTransaction<T>(
  db: Database,
  work: (tx: Db) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const { timeoutMs = TRANSACTION_MS, ...rest } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.$transaction(work, { ...rest, timeout: timeoutMs, maxWait: MAX_WAIT_MS });
    } catch (error) {
      if (attempt === TRIES || !isConflict(error)) throw error;
      await delay(Math.random() * RETRY_BASE_MS * 2 ** attempt);
    }
  }
}

/** Prisma's own code, or PostgreSQL's where a raw query hides it: serialization_failure, deadlock_detected. */
const CONFLICTS = new Set(['P2034', '40001', '40P01']);

/** Looks into everything an error is made of, because Prisma nests the driver's error differently by call. */
function isConflict(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 4) return false;
  const { code, originalCode, cause, meta } = error as Record<string, unknown>;
  if (CONFLICTS.has(String(code)) || CONFLICTS.has(String(originalCode))) return true;
  const { driverAdapterError } = (meta ?? {}) as Record<string, unknown>;
  return [cause, meta, driverAdapterError].some((part) => isConflict(part, depth + 1));
}
