import { DomainError, quoteId } from '../lib/errors.js';

export class WatchNotFoundError extends DomainError {
  readonly code = 'WATCH_NOT_FOUND';

  constructor(readonly watched: string) {
    super(`${quoteId(watched)} is not watched.`);
  }
}

export class WatchingDisabledError extends DomainError {
  readonly code = 'WATCHING_DISABLED';

  constructor() {
    super('Watching is turned off, so nothing is checked: an admin can set "enabled" of the watch settings.');
  }
}
