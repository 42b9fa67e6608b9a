import { DomainError, quoteId } from '../lib/errors.js';

export class ProviderNotFoundError extends DomainError {
  readonly code = 'PROVIDER_NOT_FOUND';

  constructor(name: string) {
    super(`There is no sign-in provider ${quoteId(name)}; "authStatus" lists those that there are.`);
  }
}

export class ProviderDisabledError extends DomainError {
  readonly code = 'PROVIDER_DISABLED';

  constructor(name: string) {
    super(`The sign-in provider "${name}" is not configured on this server; see its environment variables.`);
  }
}

/** Says nothing that the provider said: its texts may come from anybody. */
export class ProviderFailedError extends DomainError {
  readonly code = 'PROVIDER_FAILED';
  override readonly retryable = true;

  constructor(displayName: string, options?: { cause?: unknown; problem?: string }) {
    super(`${displayName} ${options?.problem ?? 'does not answer as it should'}; try again later.`, options);
  }
}

/** The browser brings back nothing that belongs to a sign-in it has begun here a short time ago. */
export class SignInExpiredError extends DomainError {
  readonly code = 'SESSION_ENDED';

  constructor() {
    super('This sign-in has expired, or it was begun elsewhere or used before; start again.');
  }
}

export class AccountTakenError extends DomainError {
  readonly code = 'NAME_TAKEN';

  constructor(displayName: string) {
    super(`Your account at ${displayName} already belongs to another user of this server.`);
  }
}

export class ProviderAlreadyLinkedError extends DomainError {
  readonly code = 'NAME_TAKEN';

  constructor(displayName: string) {
    super(`You are linked to another account at ${displayName}; unlink that first.`);
  }
}

export class ProviderNotLinkedError extends DomainError {
  readonly code = 'PROVIDER_NOT_LINKED';

  constructor(name: string) {
    super(`You are not linked to the sign-in provider "${name}".`);
  }
}

export class LastSignInMethodError extends DomainError {
  readonly code = 'LAST_SIGN_IN_METHOD';

  constructor(name: string) {
    super(
      `"${name}" is your only way to sign in; set a password, or link another provider, before you unlink it.`,
    );
  }
}
