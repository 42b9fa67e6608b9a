import {
  LastAdminError,
  NoPasswordError,
  OwnUserError,
  RegistrationDisabledError,
  UserNotFoundError,
  UsernameTakenError,
  WeakPasswordError,
  WrongPasswordError,
} from '../auth/errors.js';
import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';

builder.objectType(RegistrationDisabledError, {
  name: 'RegistrationDisabled',
  description: 'Returned when people may not create an account themselves; an admin can, with `createUser`.',
  interfaces: [ErrorInterface],
});

builder.objectType(UsernameTakenError, {
  name: 'UsernameTaken',
  description:
    'Returned when another user has the name, be it in other upper or lower case; choose another one.',
  interfaces: [ErrorInterface],
});

builder.objectType(WeakPasswordError, {
  name: 'WeakPassword',
  description: 'Returned when a new password is too short or too long; nothing else is required of it.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    minLength: t.exposeInt('shortest', { description: 'Least number of characters in a password.' }),
    maxLength: t.exposeInt('longest', { description: 'Greatest number of characters in a password.' }),
  }),
});

builder.objectType(WrongPasswordError, {
  name: 'WrongPassword',
  description: 'Returned when `currentPassword` is not the password of the account.',
  interfaces: [ErrorInterface],
});

builder.objectType(NoPasswordError, {
  name: 'NoPassword',
  description: 'Returned for a user who signs in only by a provider, where the password is to be changed.',
  interfaces: [ErrorInterface],
});

builder.objectType(UserNotFoundError, {
  name: 'UserNotFound',
  description: 'Returned when no user has this id or name. The user `system` counts as none.',
  interfaces: [ErrorInterface],
});

builder.objectType(OwnUserError, {
  name: 'OwnUser',
  description: 'Returned when admins try to delete or demote themselves; another admin has to.',
  interfaces: [ErrorInterface],
});

builder.objectType(LastAdminError, {
  name: 'LastAdmin',
  description: 'Returned when nobody would be an admin any more; make another user an admin first.',
  interfaces: [ErrorInterface],
});
