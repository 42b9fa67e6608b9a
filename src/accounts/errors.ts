import { DomainError, quoteId } from '../lib/errors.js';

export class UnknownServiceError extends DomainError {
  readonly code = 'SERVICE_UNKNOWN';

  constructor(name: string, known: readonly string[]) {
    super(`${quoteId(name)} is not a service that takes accounts; allowed are ${known.join(', ')}.`);
  }
}

export class AccountNotFoundError extends DomainError {
  readonly code = 'ACCOUNT_NOT_FOUND';

  constructor(reference: string) {
    super(`There is no account ${quoteId(reference)}.`);
  }
}

/** Nothing was changed: neither the existing account nor the settings. */
export class AccountNameTakenError extends DomainError {
  readonly code = 'NAME_TAKEN';

  constructor(service: string, name: string) {
    super(`There is already an account ${quoteId(name)} for ${service}; update it, or choose another name.`);
  }
}

/** Neither a bug nor the caller's mistake: the key or the row is not the one that belongs to the other. */
export class SecretUnreadableError extends DomainError {
  readonly code = 'SECRET_UNREADABLE';

  constructor(account: { service: string; name: string }, reason: 'OTHER_KEY' | 'CHANGED') {
    const shown = quoteId(`${account.service}/${account.name}`);
    const remedy = 'enter all its secrets again, or delete the account.';
    super(
      reason === 'OTHER_KEY'
        ? `The secrets of ${shown} were encrypted with another SECRET_KEY: start the server with that key, or ${remedy}`
        : `The secrets of ${shown} were changed in the database and cannot be decrypted: ${remedy}`,
    );
  }
}
