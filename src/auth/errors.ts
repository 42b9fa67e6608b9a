import { DomainError, quoteId } from '../lib/errors.js';

export class UnauthenticatedError extends DomainError {
  readonly code = 'UNAUTHENTICATED';

  constructor(message = 'Sign in first: send a token or an API key as "Authorization: Bearer …".') {
    super(message);
  }
}

export class ForbiddenError extends DomainError {
  readonly code = 'FORBIDDEN';
}

export class AuthDisabledError extends DomainError {
  readonly code = 'AUTH_DISABLED';

  constructor() {
    super('Authentication is off on this server: everyone is the user "system". AUTH_ENABLED turns it on.');
  }
}

export class WeakPasswordError extends DomainError {
  readonly code = 'WEAK_PASSWORD';

  constructor(
    readonly shortest: number,
    readonly longest: number,
  ) {
    super(`New password must have ${shortest} to ${longest} characters.`);
  }
}

export class InvalidCredentialsError extends DomainError {
  readonly code = 'INVALID_CREDENTIALS';

  constructor() {
    // The same for every reason, so that nobody learns which users exist.
    super('Invalid username or password');
  }
}

export class TooManySignInsError extends DomainError {
  readonly code = 'TOO_MANY_SIGN_INS';
  override readonly retryable = true;

  constructor(override readonly retryAfterMs: number) {
    super(
      `Too many failed sign-ins for this username or from this address; try again in ${Math.ceil(retryAfterMs / 1_000)} s.`,
    );
  }
}

export class SessionEndedError extends DomainError {
  readonly code = 'SESSION_ENDED';

  constructor() {
    super('The session has ended, or the request has no refresh cookie of it; sign in again.');
  }
}

export class ApiKeyNotFoundError extends DomainError {
  readonly code = 'API_KEY_NOT_FOUND';

  constructor(id: string) {
    super(`There is no API key ${quoteId(id)} that you may see.`);
  }
}

export class NameTakenError extends DomainError {
  readonly code = 'NAME_TAKEN';

  /** `what`: the kind of thing, such as "API key". */
  constructor(what: string, name: string) {
    super(`There is already an ${what} named ${quoteId(name)}; choose another name.`);
  }
}
