import { toDatabaseError } from '../database/outage.js';
import { describeDiskError, describeFileLimit } from '../lib/disk-errors.js';
import { DomainError, isTaskErrorCode, messageOf, systemCodeOf, type TaskErrorCode } from '../lib/errors.js';

export class JobStoreUnavailableError extends Error {
  constructor(cause: unknown) {
    super('The job store does not answer.', { cause });
    this.name = 'JobStoreUnavailableError';
  }
}

export interface Failure {
  code: TaskErrorCode;
  message: string;
  retryable: boolean;
  retryAfterMs: number | null;
}

const INTERNAL: Failure = {
  code: 'INTERNAL',
  message: 'Something went wrong inside Reprise; the log has the details.',
  retryable: true,
  retryAfterMs: null,
};

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof DomainError) {
    const { code, message, retryable, retryAfterMs } = thrown;
    return { code: isTaskErrorCode(code) ? code : 'INTERNAL', message, retryable, retryAfterMs };
  }
  if (thrown instanceof JobStoreUnavailableError) return INTERNAL;
  const database = toDatabaseError(thrown);
  if (database) return toFailure(database);
  return systemFailure(thrown) ?? INTERNAL;
}

/** For how long waiting for what was thrown is no failure; null if it is one at once. */
export function maxWaitOf(thrown: unknown): number | null {
  return thrown instanceof DomainError ? thrown.maxWaitMs : null;
}

function systemFailure(thrown: unknown): Failure | null {
  const fileLimit = describeFileLimit(thrown);
  if (fileLimit !== null) {
    return { code: 'TARGET_NOT_WRITABLE', message: fileLimit, retryable: true, retryAfterMs: null };
  }
  const system = systemCodeOf(thrown) ?? '';
  if (NETWORK.has(system)) {
    const message = `The source could not be reached (${system}).`;
    return { code: 'SOURCE_FAILED', message, retryable: true, retryAfterMs: null };
  }
  const disk = describeDiskError(thrown);
  return disk && { ...disk, retryable: false, retryAfterMs: null };
}

/** For the log: an expected failure says why in one line, a bug keeps its stack. */
export function logFieldsOf(thrown: unknown): object {
  const { code, message } = toFailure(thrown);
  if (code === 'INTERNAL') return { code, err: thrown };
  const cause = thrown instanceof DomainError ? thrown.cause : thrown;
  return { code, message, ...(cause !== undefined && { cause: messageOf(cause) }) };
}

interface RetryDelayInput {
  failures: number;
  settings: { retryDelaySeconds: number; retryDelayIncrease: number };
  retryAfterMs: number | null;
  random: () => number;
}

const JITTER = 0.2;

/** The jitter keeps tracks that failed together from coming back together. */
export function retryDelayMs({ failures, settings, retryAfterMs, random }: RetryDelayInput): number {
  const seconds = settings.retryDelaySeconds + (failures - 1) * settings.retryDelayIncrease;
  const jitter = 1 + JITTER * (2 * random() - 1);
  return Math.max(Math.round(seconds * 1000 * jitter), retryAfterMs ?? 0);
}
