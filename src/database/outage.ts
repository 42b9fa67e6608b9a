import { DomainError, systemCodeOf } from '../lib/errors.js';
import { isCanceled } from './prisma.js';

/** The database does not answer; the same request may succeed once it is back. */
export class DatabaseUnavailableError extends DomainError {
  readonly code = 'DATABASE_UNAVAILABLE';
  override readonly retryable = true;
  override readonly retryAfterMs = 5_000;

  constructor(cause: unknown) {
    super('The database does not answer; try again in a few seconds.', { cause });
  }
}

/** A statement reached its time limit; what it had written is undone. */
export class ReadTimeoutError extends DomainError {
  readonly code = 'READ_TIMEOUT';
  override readonly retryable = true;
  override readonly retryAfterMs = 10_000;

  constructor(cause: unknown) {
    super(
      'The database did not answer in time; try again later, request a smaller part, or use "after" instead of "offset".',
      { cause },
    );
  }
}

/** Null for anything but an outage or a statement that was canceled. */
export function toDatabaseError(thrown: unknown): DatabaseUnavailableError | ReadTimeoutError | null {
  if (isDatabaseUnavailable(thrown)) return new DatabaseUnavailableError(thrown);
  return isCanceled(thrown) ? new ReadTimeoutError(thrown) : null;
}

/** Prisma's codes, and PostgreSQL's for a server that starts, stops, ends sessions or takes no more of them. */
const CODES = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2037',
  '53300',
  '57P01',
  '57P02',
  '57P03',
  '08000',
  '08003',
  '08006',
]);
const KINDS = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections']);
/** Of pg and of our own sockets (prisma.ts), which give no code. */
const MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|no answer from the database)/m;
/** Of the system, which Prisma hands on as codes of its own; elsewhere they may be those of other servers. */
const SOCKET_CODES = /^(ECONN\w+|ENOENT|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST\w+|ENET\w+)$/;

/** Of a caller that knows which server it speaks to. */
export function isSocketError(thrown: unknown): boolean {
  return SOCKET_CODES.test(systemCodeOf(thrown) ?? '');
}

/** Searches nested errors, because Prisma nests the driver's error differently by call. */
function isDatabaseUnavailable(thrown: unknown, depth = 0): boolean {
  if (typeof thrown !== 'object' || thrown === null || depth > 5) return false;
  const { name, code, originalCode, kind, message, cause, meta } = thrown as Record<string, unknown>;
  if ([code, originalCode].some((each) => CODES.has(String(each))) || KINDS.has(String(kind))) return true;
  if (String(name).startsWith('PrismaClient') && SOCKET_CODES.test(String(code))) return true;
  if (MESSAGES.test(String(message))) return true;
  const { driverAdapterError } = (meta ?? {}) as Record<string, unknown>;
  return [cause, meta, driverAdapterError].some((part) => isDatabaseUnavailable(part, depth + 1));
}

/** An outage is reported once for the process (events/postgres-relay.ts), not by each whose work it interrupts. */
export function levelOf<Level extends 'warn' | 'error'>(thrown: unknown, otherwise: Level): Level | 'debug' {
  return isDatabaseUnavailable(thrown) ? 'debug' : otherwise;
}
