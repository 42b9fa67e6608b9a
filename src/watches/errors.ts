import { DomainError, quoteId } from '../lib/errors.js';

export class WatchNotFoundError extends DomainError {
  readonly code = 'WATCH_NOT_FOUND';

  constructor(readonly watched: string) {
    super(`${quoteId(watched)} is not watched.`);
  }
}

export class WatchExpiredError extends DomainError {
  readonly code = 'WATCH_EXPIRED';

  constructor({ title, expiresAt }: { title: string; expiresAt: Date | null }) {
    super(
      `The watch of "${title}" ended at ${expiresAt?.toISOString()}: give it a later "expiresAt", or null for none, to check it again.`,
    );
  }
}

export class WatchingDisabledError extends DomainError {
  readonly code = 'WATCHING_DISABLED';

  constructor() {
    super('Watching is turned off, so nothing is checked: an admin can set "enabled" of the watch settings.');
  }
}

/** Stored entries of a list that was being read are gone. */
export class ReadingLostError extends DomainError {
  readonly code = 'DATABASE_UNAVAILABLE';
  override readonly retryable = true;

  constructor(title: string) {
    super(
      `Entries of "${title}" were lost while it was read: the database was restarted, or another check began. The list is read again.`,
    );
  }
}
