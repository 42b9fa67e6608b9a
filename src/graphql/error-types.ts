import type { DomainError } from '../lib/errors.js';
import { InvalidInputError, type ErrorCode } from '../lib/errors.js';
import { builder } from './builder.js';

const CODES: Record<ErrorCode, string> = {
  INVALID_INPUT: 'An argument is missing or has an invalid value.',
  INVALID_ITEM: 'The text is not an id or link of an item that can be used here.',
  INVALID_OPTIONS: 'The output options cannot be combined.',
  INVALID_SETTINGS: 'A setting is out of range or conflicts with another; nothing was stored.',
  LIBRARY_NOT_CONFIGURED: 'The server has no library: LIBRARY_DIRS is empty.',
  UNAUTHENTICATED: 'Sign in first: there is no valid token or API key.',
  FORBIDDEN: 'Your role, or the scopes of your API key, do not allow this.',
  AUTH_DISABLED: 'The server has no users of its own: AUTH_ENABLED is off.',
  INVALID_CREDENTIALS: 'The username or the password is wrong.',
  TOO_MANY_SIGN_INS: 'Too many failed sign-ins; wait as long as `retryAfterSeconds` says.',
  SESSION_ENDED: 'The session has ended; sign in again.',
  REGISTRATION_DISABLED: 'People may not create an account themselves; ask an admin.',
  USERNAME_TAKEN: 'Another user has this name.',
  WEAK_PASSWORD: 'The new password is too short or too long.',
  WRONG_PASSWORD: 'The current password is not the one given.',
  NO_PASSWORD: 'The user signs in by a provider and has no password.',
  USER_NOT_FOUND: 'There is no such user.',
  OWN_USER: 'This cannot be done to your own account.',
  LAST_ADMIN: 'The last admin cannot be deleted or become a user.',
  API_KEY_NOT_FOUND: 'There is no such API key, or it is not yours.',
  NAME_TAKEN: 'The name is already in use.',
  PROVIDER_NOT_FOUND: 'There is no sign-in provider of this name.',
  PROVIDER_DISABLED: 'The sign-in provider is not configured on this server.',
  PROVIDER_FAILED: 'The sign-in provider refused, or did not answer as it should.',
  PROVIDER_NOT_LINKED: 'The user is not linked to this sign-in provider.',
  LAST_SIGN_IN_METHOD: 'Without it, the user could not sign in any more.',
  SERVICE_UNKNOWN: 'There is no service of this name to have an account at.',
  ACCOUNT_NOT_FOUND: 'There is no account of this name.',
  SECRET_UNREADABLE:
    'The stored secrets cannot be decrypted with SECRET_KEY, or were changed in the database.',
  EXPLICIT_CONTENT: 'The track is marked as explicit, and this server skips such tracks.',
  CATALOG_ITEM_NOT_FOUND: 'The catalog has no item with this id.',
  TASK_NOT_FOUND: 'The task does not exist, or you may not see it.',
  DUPLICATE_DOWNLOAD: 'The same download is already queued or running.',
  TASK_STATE_CONFLICT: 'The task’s state does not allow this action.',
  WATCH_NOT_FOUND: 'You do not watch this playlist or artist.',
  WATCHING_DISABLED: 'An admin has turned off watching: nothing is checked.',
  WATCH_EXPIRED: 'The watch has ended by its `expiresAt`: give it a later time to check it again.',
  FORMAT_UNAVAILABLE: 'The installed ffmpeg has no encoder for this format.',
  UPSTREAM_LIMITED: 'The catalog provider limits requests; try again later.',
  UPSTREAM_FAILED: 'The catalog provider did not answer, or answered with an error.',
  DATABASE_UNAVAILABLE: 'The database does not answer; the same request may succeed in a few seconds.',
  LIMIT_EXCEEDED: 'Too much at once: request less, or wait as long as `retryAfterSeconds` says.',
  READ_TIMEOUT: 'The database took too long; try again, request less, or follow cursors instead of offsets.',
  INTERNAL: 'A bug in Reprise; the server log has the details.',
};

export const ErrorCodeType = builder.enumType('ErrorCode', {
  description:
    'Machine-readable reason why a request, or one field of it, was refused. `TaskErrorCode` says why a task failed.',
  values: Object.fromEntries(
    Object.entries(CODES).map(([code, description]) => [code, { value: code as ErrorCode, description }]),
  ),
});

export const ErrorInterface = builder
  .interfaceRef<DomainError & { readonly code: ErrorCode }>('Error')
  .implement({
    description: 'A failure that a client can handle; nothing was changed. Query its type for details.',
    fields: (t) => ({
      message: t.exposeString('message', {
        description: 'What is wrong and how to fix it, in plain English.',
      }),
      code: t.field({
        type: ErrorCodeType,
        description: 'Machine-readable reason, for example `TASK_NOT_FOUND`.',
        resolve: (error) => error.code,
      }),
    }),
  });

builder.objectType(InvalidInputError, {
  name: 'InvalidInput',
  description: 'Returned when an argument is invalid; correct it and try again.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    field: t.exposeString('field', {
      nullable: true,
      description: 'Name of the invalid argument or input field; null when unknown.',
    }),
  }),
});
