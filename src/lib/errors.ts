import { constants } from 'node:os';

/** Of error members of result unions and of `extensions.code`. graphql/ and rest/ map each of them. */
const ERROR_CODES = [
  'INVALID_INPUT',
  'INVALID_ITEM',
  'INVALID_OPTIONS',
  'INVALID_SETTINGS',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'AUTH_DISABLED',
  'INVALID_CREDENTIALS',
  'TOO_MANY_SIGN_INS',
  'SESSION_ENDED',
  'REGISTRATION_DISABLED',
  'USERNAME_TAKEN',
  'WEAK_PASSWORD',
  'WRONG_PASSWORD',
  'NO_PASSWORD',
  'USER_NOT_FOUND',
  'OWN_USER',
  'LAST_ADMIN',
  'API_KEY_NOT_FOUND',
  'NAME_TAKEN',
  'PROVIDER_NOT_FOUND',
  'PROVIDER_DISABLED',
  'PROVIDER_FAILED',
  'PROVIDER_NOT_LINKED',
  'LAST_SIGN_IN_METHOD',
  'SERVICE_UNKNOWN',
  'ACCOUNT_NOT_FOUND',
  'SECRET_UNREADABLE',
  'LIBRARY_NOT_CONFIGURED',
  'CATALOG_ITEM_NOT_FOUND',
  'TASK_NOT_FOUND',
  'DUPLICATE_DOWNLOAD',
  'TASK_STATE_CONFLICT',
  'WATCH_NOT_FOUND',
  'WATCHING_DISABLED',
  'WATCH_EXPIRED',
  'EXPLICIT_CONTENT',
  'FORMAT_UNAVAILABLE',
  'UPSTREAM_LIMITED',
  'UPSTREAM_FAILED',
  'DATABASE_UNAVAILABLE',
  'LIMIT_EXCEEDED',
  'READ_TIMEOUT',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Why a task failed, was skipped or will be retried; jobs/errors.ts maps to them. */
const TASK_ERROR_CODES = [
  'NO_SOURCE',
  'QUALITY_UNAVAILABLE',
  'TRACK_TOO_LARGE',
  'EXPLICIT_CONTENT',
  'DUPLICATE_DOWNLOAD',
  'CATALOG_ITEM_NOT_FOUND',
  'INVALID_ITEM',
  'UPSTREAM_LIMITED',
  'UPSTREAM_FAILED',
  'SOURCE_STALLED',
  'SOURCE_CUT_OFF',
  'SOURCE_INVALID_AUDIO',
  'SOURCE_DAMAGED',
  'SOURCE_FAILED',
  'FORMAT_UNAVAILABLE',
  'TRANSCODE_FAILED',
  'FFMPEG_MISSING',
  'DISK_FULL',
  'TARGET_NOT_WRITABLE',
  'INVALID_FILE_NAME',
  'CHILDREN_FAILED',
  'WORKER_LOST',
  'WATCH_NOT_FOUND',
  'WATCHING_DISABLED',
  'WATCH_EXPIRED',
  'WATCH_UNCHANGED',
  'DATABASE_UNAVAILABLE',
  'INTERNAL',
] as const;

export type TaskErrorCode = (typeof TASK_ERROR_CODES)[number];

export function isErrorCode(code: unknown): code is ErrorCode {
  return ERROR_CODES.some((known) => known === code);
}

export function isTaskErrorCode(code: unknown): code is TaskErrorCode {
  return TASK_ERROR_CODES.some((known) => known === code);
}

/** An expected failure, with a message safe to show; anything else thrown is a bug and is masked. */
export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode | TaskErrorCode;
  /** In `errors[]` in place of `code`: there, a bad id has one code whatever it is an id of. */
  readonly queryCode: ErrorCode | null = null;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean = false;
  /** The shortest wait; null when unknown. */
  readonly retryAfterMs: number | null = null;
  /** Waiting for so long is no failure; null for an error that is one at once. */
  readonly maxWaitMs: number | null = null;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

export class InvalidInputError extends DomainError {
  readonly code = 'INVALID_INPUT';

  constructor(
    message: string,
    readonly field: string | null = null,
  ) {
    super(message);
  }
}

/** As messages quote it. It may have any length. */
export const quoteId = (id: string): string => JSON.stringify(id.slice(0, 100));

/** The id of something else than the argument is about; `expectedType` is the name of a type in the schema. */
export class WrongIdTypeError extends InvalidInputError {
  constructor(
    id: string,
    readonly expectedType: string,
  ) {
    super(
      `${quoteId(id)} is not an id of the type ${expectedType}; expected: ${expectedType}:<provider>:<id>.`,
      'id',
    );
  }
}

/** This caller, or all together, do too much at once. */
export class LimitExceededError extends DomainError {
  readonly code = 'LIMIT_EXCEEDED';
  override readonly retryable = true;

  constructor(
    message: string,
    override readonly retryAfterMs: number,
  ) {
    super(message);
  }
}

/* Here, because adapters throw them, domains tell them apart, and neither imports the other's values. */

const DAY_MS = 24 * 3_600_000;

export class UpstreamLimitedError extends DomainError {
  readonly code = 'UPSTREAM_LIMITED';
  override readonly retryable = true;
  /** Providers state up to a day, and may do so several times in a row. */
  override readonly maxWaitMs = 7 * DAY_MS;

  constructor(
    readonly provider: string,
    override readonly retryAfterMs: number,
  ) {
    super(`${provider} limits requests: try again in ${Math.ceil(retryAfterMs / 1000)} s.`);
  }
}

/** No answer, or one that the provider does not promise. */
export class UpstreamFailedError extends DomainError {
  readonly code = 'UPSTREAM_FAILED';
  override readonly retryable: boolean;
  override readonly retryAfterMs: number | null;

  constructor(
    message: string,
    options: { cause?: unknown; retryable?: boolean; retryAfterMs?: number | null } = {},
  ) {
    super(message, options);
    this.retryable = options.retryable ?? true;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** No request was sent: the provider has failed, and is left alone for a while. */
export class UpstreamDownError extends UpstreamFailedError {
  override readonly maxWaitMs = DAY_MS;

  constructor(provider: string, retryAfterMs: number) {
    const seconds = Math.ceil(retryAfterMs / 1000);
    super(`${provider} does not answer; the next request follows in ${seconds} s.`, { retryAfterMs });
  }
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

const NAMES_BY_NUMBER = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/**
 * The system's code (`ENOSPC`, `ECONNREFUSED`, …), following causes. Node has no name for some, as of quotas and stale
 * network shares, and says `Unknown system error -122`.
 */
export function systemCodeOf(thrown: unknown): string | null {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (!('code' in error) || typeof error.code !== 'string') continue;
    const number = /^Unknown system error -(\d+)$/.exec(error.code)?.[1];
    return number === undefined ? error.code : (NAMES_BY_NUMBER.get(Number(number)) ?? `errno ${number}`);
  }
  return null;
}

export const isFileSystemError = (thrown: unknown): boolean => /^E[A-Z]+$/.test(systemCodeOf(thrown) ?? '');
