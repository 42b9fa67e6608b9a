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
    // Existing clients look for the first four words.
    super(`New password must be ${shortest} to ${longest} characters long.`);
  }
}

export class WrongPasswordError extends DomainError {
  readonly code = 'WRONG_PASSWORD';

  constructor() {
    // Existing clients look for these words.
    super('Current password is incorrect');
  }
}

export class NoPasswordError extends DomainError {
  readonly code = 'NO_PASSWORD';

  constructor(username: string) {
    super(`User "${username}" has no password to change: they sign in by a provider.`);
  }
}

export class RegistrationDisabledError extends DomainError {
  readonly code = 'REGISTRATION_DISABLED';

  constructor() {
    super('Registration is disabled; ask an admin for an account. REGISTRATION_ENABLED turns it on.');
  }
}

export class UsernameTakenError extends DomainError {
  readonly code = 'USERNAME_TAKEN';

  constructor(username: string) {
    super(`Username "${username}" is taken; choose another. Upper and lower case count as the same.`);
  }
}

export class UserNotFoundError extends DomainError {
  readonly code = 'USER_NOT_FOUND';

  constructor(user: string) {
    super(`User ${quoteId(user)} does not exist.`);
  }
}

export class OwnUserError extends DomainError {
  readonly code = 'OWN_USER';
}

export class LastAdminError extends DomainError {
  readonly code = 'LAST_ADMIN';

  constructor(username: string) {
    super(`User "${username}" is the only admin; make another user an admin first.`);
  }
}

export class ApiKeyNotFoundError extends DomainError {
  readonly code = 'API_KEY_NOT_FOUND';

  constructor(id: string) {
    super(`There is no API key ${quoteId(id)} that you may see.`);
  }
}

export class ApiKeyNameTakenError extends DomainError {
  readonly code = 'NAME_TAKEN';

  constructor(name: string) {
    super(`You have an API key named ${quoteId(name)} already; choose another name.`);
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
