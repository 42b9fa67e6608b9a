import { AsyncLocalStorage } from 'node:async_hooks';
import { Socket } from 'node:net';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient, type Prisma } from '../generated/prisma/client.js';
import { delay } from '../lib/async.js';
import type { Logger } from '../lib/logger.js';
import { schemaOf, SESSION_OPTIONS } from './database-url.js';

/** For every folder; only stores use the client itself. */
export type {
  LibraryAlbum,
  LibraryFile,
  Task,
  Watch,
  WatchFile,
  WatchMember,
} from '../generated/prisma/client.js';
export type {
  MemberExclusion,
  MemberOrigin,
  MemberState,
  TaskKind,
  TaskState,
  WatchKind,
  WatchOutcome,
} from '../generated/prisma/enums.js';

export type Database = PrismaClient;

export type Db = Prisma.TransactionClient;

export interface DatabaseConnection {
  db: Database;
  pool: pg.Pool;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  log: Logger;
  poolSize?: number;
  statementMs?: number;
  /** For the statements of a transaction, which wait for the locks of others. */
  writeStatementMs?: number;
  /** Runs `pg_cancel_backend` for statements whose signal aborts, see `withSignal`. */
  canceller?: pg.Pool;
  timeouts?: Partial<DatabaseTimeouts>;
}

export interface DatabaseTimeouts {
  /** For a transaction that runs no statement, so that a hanging process holds no lock; less than a lease. */
  idleInTransactionMs: number;
  silenceMs: number;
}

const DEFAULT_POOL_SIZE = 10;
const CONNECT_MS = 10_000;
const IDLE_MS = 30_000;
/** No statement of ours takes that long; one that does holds locks that others wait for. */
const STATEMENT_MS = 30_000;
/** For those of a request outside a transaction: they read. */
export const READ_STATEMENT_MS = 5_000;
/** Silence: longer than a statement may take, and than the pool keeps an idle connection. */
const TIMEOUTS: DatabaseTimeouts = { idleInTransactionMs: 10_000, silenceMs: 35_000 };

export function createDatabase({
  url,
  log,
  poolSize = DEFAULT_POOL_SIZE,
  statementMs = STATEMENT_MS,
  writeStatementMs = STATEMENT_MS,
  canceller,
  timeouts,
}: DatabaseOptions): DatabaseConnection {
  const { idleInTransactionMs, silenceMs } = { ...TIMEOUTS, ...timeouts };
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    statement_timeout: statementMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    stream: () => createTimedSocket(silenceMs),
    keepAlive: true,
    application_name: 'reprise',
    options: SESSION_OPTIONS,
  });
  // Without a listener an error ends the process. The pool replaces the connection; its query fails.
  let closing = false;
  const onError = (err: Error) => {
    // Each has its own; that of the event relay reports the outage.
    if (!closing) log.debug({ err }, 'database connection lost');
  };
  pool.on('error', onError);
  pool.on('connect', (client) => {
    client.on('error', onError);
    if (writeStatementMs !== statementMs) limitTransactions(client, writeStatementMs);
  });
  if (canceller) makeCancellable(pool, canceller);
  const db = new PrismaClient({ adapter: new PrismaPg(pool, { schema: schemaOf(url) }) });
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

/** Behind a network that swallows packets, neither TCP nor pg ends a connection for hours. */
function createTimedSocket(silenceMs: number): Socket {
  const socket = new Socket();
  return socket.setTimeout(silenceMs, () => {
    socket.destroy(new Error(`no answer from the database within ${silenceMs} ms`));
  });
}

/** In the round trip of Prisma's BEGIN, so that a transaction makes no call more. */
function limitTransactions(client: pg.ClientBase, statementMs: number): void {
  const send = client.query.bind(client) as (config: unknown, ...rest: unknown[]) => unknown;
  const query = (config: Partial<pg.QueryConfig> | string, ...rest: unknown[]) => {
    if (typeof config === 'string' || config.text !== 'BEGIN') return send(config, ...rest);
    return send({ ...config, text: `BEGIN; SET LOCAL statement_timeout = ${statementMs}` }, ...rest);
  };
  Object.assign(client, { query });
}

const signals = new AsyncLocalStorage<AbortSignal>();

/** On a pool with a canceller, aborting ends the statements of `work`. Prisma has no place for a signal. */
export function withSignal<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return signals.run(signal, async () => {
    // Prisma begins with the first `then`, which has to be in here.
    const result = await work();
    return result;
  });
}

function makeCancellable(pool: pg.Pool, canceller: pg.Pool): void {
  const query = async (config: pg.QueryConfig): Promise<pg.QueryResult> => {
    const signal = signals.getStore();
    const client: pg.PoolClient & { processID?: number } = await pool.connect();
    const cancels: Promise<unknown>[] = [];
    const cancel = () => {
      const sent = canceller.query('SELECT pg_cancel_backend($1)', [client.processID]);
      // Where that fails, the statement ends by its time limit.
      cancels.push(sent.catch(() => undefined));
    };
    try {
      signal?.throwIfAborted();
      signal?.addEventListener('abort', cancel, { once: true });
      return await client.query(config);
    } finally {
      signal?.removeEventListener('abort', cancel);
      // Before the connection serves another: a cancel that comes late would end that one's statement.
      await Promise.all(cancels);
      client.release(cancels.length > 0);
    }
  };
  Object.assign(pool, { query });
}

interface TransactionOptions {
  isolationLevel?: Prisma.TransactionIsolationLevel;
  timeoutMs?: number;
}

const TRIES = 5;
const RETRY_BASE_MS = 20;
const TRANSACTION_MS = 20_000;
const MAX_WAIT_MS = 10_000;

/** Repeats after a conflict: `work` must do nothing outside the database, and use `tx` for everything. */
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

/** Prisma's code, or PostgreSQL's where a raw query hides it: serialization failure, deadlock. */
const CONFLICTS = new Set(['P2034', '40001', '40P01']);

function isConflict(error: unknown): boolean {
  return hasCode(error, CONFLICTS);
}

const CANCELED = new Set(['57014']);

/** By the time limit for statements, or by `pg_cancel_backend`. */
export function isCanceled(error: unknown): boolean {
  return hasCode(error, CANCELED);
}

/** Searches all nested errors, because Prisma nests the driver's error differently by call. */
function hasCode(error: unknown, codes: ReadonlySet<string>, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 4) return false;
  const { code, originalCode, cause, meta } = error as Record<string, unknown>;
  if (codes.has(String(code)) || codes.has(String(originalCode))) return true;
  const { driverAdapterError } = (meta ?? {}) as Record<string, unknown>;
  return [cause, meta, driverAdapterError].some((part) => hasCode(part, codes, depth + 1));
}
