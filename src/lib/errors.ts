/** Every way in which Reprise says no. The mappers (graphql/errors, rest/errors, jobs/errors) each cover all of it. */
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
  | 'WORKER_LOST'
  | 'CHILDREN_FAILED'
  | 'INVALID_OPTIONS'
  | 'INVALID_SETTINGS'
  | 'FORBIDDEN'
  | 'EXPLICIT_CONTENT'
  | 'QUALITY_UNAVAILABLE'
  | 'INTERNAL';

/**
 * A failure that has a name: its message is written for the person who reads it and is safe to show.
 * Anything else that is thrown is a bug, and is masked. Subclasses live with their domain.
 */
export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
  /** Whether the same thing may work when tried again. */
  readonly retryable: boolean = false;
  /** How long to wait before that, at least; null when the failure does not say. */
  readonly retryAfterMs: number | null = null;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Something that was given is not of the form that it takes; nothing was changed. */
export class InvalidInputError extends DomainError {
  readonly code = 'INVALID_INPUT';

  constructor(
    message: string,
    /** The argument or field in question. */
    readonly field: string | null = null,
  ) {
    super(message);
  }
}

/** The caller is known and may not do this; nothing was changed. */
export class ForbiddenError extends DomainError {
  readonly code = 'FORBIDDEN';
}

/** Throws ForbiddenError for all but admins. */
export function requireAdmin(viewer: { role: string }): void {
  if (viewer.role !== 'ADMIN') throw new ForbiddenError('Only an admin may do this.');
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system's error code (`ENOSPC`, `ECONNREFUSED`, …) of anything that was thrown, following its causes. */
export function systemCodeOf(thrown: unknown): string | null {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if ('code' in error && typeof error.code === 'string') return error.code;
  }
  return null;
}
