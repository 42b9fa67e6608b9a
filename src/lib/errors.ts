/** The mappers (graphql/errors.ts, rest/errors.ts, jobs/errors.ts) each cover all of them. */
export type ErrorCode =
  | 'INVALID_INPUT'
  | 'CATALOG_ITEM_NOT_FOUND'
  | 'TASK_NOT_FOUND'
  | 'DUPLICATE_DOWNLOAD'
  | 'TASK_STATE_CONFLICT'
  | 'FORMAT_UNAVAILABLE'
  | 'UPSTREAM_LIMITED'
  | 'UPSTREAM_FAILED'
  | 'NO_SOURCE'
  | 'SOURCE_STALLED'
  | 'SOURCE_CUT_OFF'
  | 'SOURCE_INVALID_AUDIO'
  | 'SOURCE_FAILED'
  | 'TRANSCODE_FAILED'
  | 'FFMPEG_MISSING'
  | 'DISK_FULL'
  | 'TARGET_NOT_WRITABLE'
  | 'INVALID_FILE_NAME'
  | 'TRACK_TOO_LARGE'
  | 'WORKER_LOST'
  | 'DATABASE_UNAVAILABLE'
  | 'CHILDREN_FAILED'
  | 'INVALID_OPTIONS'
  | 'INVALID_SETTINGS'
  | 'FORBIDDEN'
  | 'LIBRARY_NOT_CONFIGURED'
  | 'EXPLICIT_CONTENT'
  | 'QUALITY_UNAVAILABLE'
  | 'LIMIT_EXCEEDED'
  | 'READ_TIMEOUT'
  | 'INTERNAL';

/** An expected failure, with a message safe to show; anything else thrown is a bug and is masked. */
export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean = false;
  /** The shortest wait; null when unknown. */
  readonly retryAfterMs: number | null = null;

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

export class ForbiddenError extends DomainError {
  readonly code = 'FORBIDDEN';
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

export function requireAdmin(viewer: { role: string }): void {
  if (viewer.role !== 'ADMIN') throw new ForbiddenError('Only an admin may do this.');
}

/* Here, because adapters throw them, domains tell them apart, and neither imports the other's values. */

export class UpstreamLimitedError extends DomainError {
  readonly code = 'UPSTREAM_LIMITED';
  override readonly retryable = true;

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
  override readonly retryable = true;
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system's code (`ENOSPC`, `ECONNREFUSED`, …), following causes. */
export function systemCodeOf(thrown: unknown): string | null {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if ('code' in error && typeof error.code === 'string') return error.code;
  }
  return null;
}

export const isFileSystemError = (thrown: unknown): boolean => /^E[A-Z]+$/.test(systemCodeOf(thrown) ?? '');
