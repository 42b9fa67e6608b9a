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
