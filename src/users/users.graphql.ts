import { UserRoleEnum, UserType } from '../auth/auth.graphql.js';
import {
  AuthDisabledError,
  LastAdminError,
  NoPasswordError,
  OwnUserError,
  RegistrationDisabledError,
  TooManySignInsError,
  UserNotFoundError,
  UsernameTakenError,
  WeakPasswordError,
  ForbiddenError,
  WrongPasswordError,
} from '../auth/errors.js';
import { countUsers, getUser, listUsers, type User, type UserReference } from '../auth/user-store.js';
import { toConnection } from '../database/pagination.js';
import { builder } from '../graphql/builder.js';
import {
  createConnectionType,
  keysetPageArgs,
  keysetPageOf,
  lazyConnection,
  LONGEST_PAGE,
  nodeSelection,
  pageComplexity,
} from '../graphql/connection.js';
import { parseRowId } from '../graphql/node-id.js';
import { InvalidInputError } from '../lib/errors.js';
import { deleteUser } from './delete-user.js';
import { changePassword, resetPassword, setUserRole } from './manage-users.js';
import { createUser, register } from './register.js';
import './user-errors.graphql.js';

const outcome = (name: string, description: string, about: string) =>
  builder.objectRef<User>(name).implement({
    description,
    fields: (t) => ({
      user: t.prismaField({
        type: UserType,
        description: about,
        resolve: (query, { id }, _args, { db }) => getUser(db, id, query),
      }),
    }),
  });

const UserConnection = createConnectionType('User', UserType, 'users of this server');

builder.queryField('users', (t) =>
  t.field({
    type: UserConnection,
    authScopes: { ADMIN: true },
    description:
      'Users of this server, those who were added first come first. For admins. While authentication is on, without the user `system`.',
    args: keysetPageArgs(t, LONGEST_PAGE),
    complexity: pageComplexity,
    resolve: (_root, args, context, info) => {
      const page = keysetPageOf(args, LONGEST_PAGE);
      const withSystem = !context.env.authEnabled;
      return lazyConnection<User>({
        size: page.size,
        read: async () => {
          const query = nodeSelection('User', { context, info });
          return toConnection(await listUsers(context.db, { ...page, withSystem }, query), page);
        },
        totalCount: () => countUsers(context.db, { withSystem }),
      });
    },
  }),
);

/** No username has a colon, but one may look like a UUID. */
function toReference(user: string): UserReference {
  return user.startsWith('User:') ? { id: parseRowId('User', user, 'user') } : { username: user };
}

const username = {
  required: true,
  description:
    'Name to sign in with: 3 to 64 letters, digits, `.`, `_` or `-`, such as `ana.b`. Upper and lower case count as the same; `system` and `anonymous` cannot be taken.',
} as const;
const password = {
  required: true,
  description: 'Password of the new account: 8 to 512 characters.',
} as const;
const email = {
  description: 'Email address of the user; optional, and only shown to them and admins.',
} as const;

const RegisterInput = builder.inputType('RegisterInput', {
  description: 'The account that somebody creates for themselves.',
  fields: (t) => ({
    username: t.string(username),
    password: t.string(password),
    email: t.string(email),
  }),
});

const CreateUserInput = builder.inputType('CreateUserInput', {
  description: 'The account that an admin creates for somebody.',
  fields: (t) => ({
    username: t.string(username),
    password: t.string(password),
    email: t.string(email),
    role: t.field({
      type: UserRoleEnum,
      defaultValue: 'USER',
      description: 'Role of the new user; it can be changed later with `setUserRole`.',
    }),
  }),
});

builder.mutationFields((t) => ({
  register: t.field({
    type: outcome(
      'Registered',
      'The account was created; `signIn` signs in to it.',
      'The user who was added.',
    ),
    description:
      'Creates an account, for people who have none. The first one on a server becomes an admin; later ones need REGISTRATION_ENABLED and become users. At most 100 an hour from one address. Signs nobody in.',
    args: {
      input: t.arg({ type: RegisterInput, required: true, description: 'Name and password of the account.' }),
    },
    errors: {
      types: [
        RegistrationDisabledError,
        UsernameTakenError,
        WeakPasswordError,
        InvalidInputError,
        TooManySignInsError,
        AuthDisabledError,
      ],
      union: {
        name: 'RegisterResult',
        description: 'The new account, or why it was not added to the server.',
      },
    },
    resolve: (_root, { input }, context) => register(context, context, input),
  }),
}));

builder.mutationFields((t) => ({
  createUser: t.field({
    type: outcome('UserCreated', 'The account was created for somebody.', 'The user whom you added.'),
    authScopes: { ADMIN: true },
    description:
      'Creates an account for somebody else. For admins who have signed in: an API key may not, because the account would outlive it.',
    args: {
      input: t.arg({
        type: CreateUserInput,
        required: true,
        description: 'Name, password and role of the account.',
      }),
    },
    errors: {
      types: [UsernameTakenError, WeakPasswordError, InvalidInputError, ForbiddenError, AuthDisabledError],
      union: {
        name: 'CreateUserResult',
        description: 'The account that you created, or why it was not created.',
      },
    },
    resolve: (_root, { input }, context) =>
      createUser(context, context, { ...input, role: input.role ?? 'USER' }),
  }),
  changePassword: t.field({
    type: outcome(
      'PasswordChanged',
      'You have a new password, and all your other sessions have ended.',
      'You, with your new password.',
    ),
    authScopes: { signedIn: true },
    description:
      'Changes your own password. The session that you use goes on, all others end at once; API keys stay valid.',
    args: {
      currentPassword: t.arg.string({
        required: true,
        description: 'The password that you sign in with now.',
      }),
      newPassword: t.arg.string({
        required: true,
        description: 'The password to sign in with from now on: 8 to 512 characters.',
      }),
    },
    errors: {
      types: [
        WrongPasswordError,
        WeakPasswordError,
        NoPasswordError,
        TooManySignInsError,
        ForbiddenError,
        AuthDisabledError,
      ],
      union: { name: 'ChangePasswordResult', description: 'You, or why your password is still the old one.' },
    },
    resolve: (_root, args, context) => changePassword(context, context, args),
  }),
}));

const UserDeleted = builder.objectRef<User>('UserDeleted').implement({
  description:
    'The user is gone, with sessions and API keys; running downloads, tasks and history follow within seconds. Downloaded files are kept.',
  fields: (t) => ({
    username: t.exposeString('username', {
      description: 'Name that the deleted user had; it can be taken again.',
    }),
  }),
});

/** Of what ends the access or the rights of another user. */
const OTHER_USER_ERRORS = [
  UserNotFoundError,
  OwnUserError,
  LastAdminError,
  InvalidInputError,
  ForbiddenError,
  AuthDisabledError,
];

const user = { required: true, description: 'The user: `User:<uuid>`, or the username.' } as const;

builder.mutationFields((t) => ({
  deleteUser: t.field({
    type: UserDeleted,
    authScopes: { ADMIN: true },
    description:
      'Deletes another user for good. What they are signed in by ends at once, then their running downloads are canceled, and their tasks and history go; downloaded files stay. For admins who have signed in: an API key may not.',
    args: { user: t.arg.string(user) },
    errors: {
      types: OTHER_USER_ERRORS,
      union: {
        name: 'DeleteUserResult',
        description: 'Name of the deleted user, or why the user is still there.',
      },
    },
    resolve: (_root, args, context) => deleteUser(context, context, toReference(args.user)),
  }),
  setUserRole: t.field({
    type: outcome('UserRoleSet', 'The user has this role now.', 'The user whose role was set.'),
    authScopes: { ADMIN: true },
    description:
      'Makes another user an admin, or an admin a user. Takes effect at once, also for open connections. For admins who have signed in, not for API keys.',
    args: {
      user: t.arg.string(user),
      role: t.arg({ type: UserRoleEnum, required: true, description: 'Role that the user gets.' }),
    },
    errors: {
      types: OTHER_USER_ERRORS,
      union: {
        name: 'SetUserRoleResult',
        description: 'The user with the role, or why the role was not set.',
      },
    },
    resolve: (_root, args, context) =>
      setUserRole(context, context, { user: toReference(args.user), role: args.role }),
  }),
}));

builder.mutationFields((t) => ({
  resetPassword: t.field({
    type: outcome(
      'PasswordReset',
      'The user has the new password, and is signed out everywhere.',
      'The user with the new password.',
    ),
    authScopes: { ADMIN: true },
    description:
      'Gives a user a new password, which you then pass on. All sessions of the user end at once, and all API keys are revoked. Your own you change with `changePassword`. For admins who have signed in, not for API keys.',
    args: {
      user: t.arg.string(user),
      newPassword: t.arg.string({
        required: true,
        description: 'New password of the user: 8 to 512 characters.',
      }),
    },
    errors: {
      types: [
        UserNotFoundError,
        OwnUserError,
        NoPasswordError,
        WeakPasswordError,
        InvalidInputError,
        ForbiddenError,
        AuthDisabledError,
      ],
      union: { name: 'ResetPasswordResult', description: 'The user, or why the password was not reset.' },
    },
    resolve: (_root, { user, newPassword }, context) =>
      resetPassword(context, context, { user: toReference(user), newPassword }),
  }),
}));
