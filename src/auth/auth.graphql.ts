import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { parseRowId } from '../graphql/node-id.js';
import { usersVisibleTo } from './access-rules.js';
import { ForbiddenError } from './errors.js';
import { findUser } from './user-store.js';

builder.objectType(ForbiddenError, {
  name: 'Forbidden',
  description:
    'Returned when your role, or the scopes of your API key, do not allow the action; nothing was changed.',
  interfaces: [ErrorInterface],
});

interface AuthStatus {
  enabled: boolean;
  registrationEnabled: boolean;
  ssoProviders: string[];
}

/** Accounts are not implemented: everyone who reaches the server is the system user. */
const AUTH_OFF: AuthStatus = { enabled: false, registrationEnabled: false, ssoProviders: [] };

const AuthStatusType = builder.objectRef<AuthStatus>('AuthStatus').implement({
  description: 'Sign-in methods that this server offers.',
  fields: (t) => ({
    enabled: t.exposeBoolean('enabled', {
      description: 'Whether callers must sign in. If false, every caller is the user `system`, an admin.',
    }),
    registrationEnabled: t.exposeBoolean('registrationEnabled', {
      description: 'Whether people may create an account themselves.',
    }),
    ssoProviders: t.exposeStringList('ssoProviders', {
      description: 'Names of the single sign-on providers that this server accepts; empty if there are none.',
    }),
  }),
});

const UserRoleEnum = builder.enumType('UserRole', {
  description: 'What a user may see and change.',
  values: {
    USER: { description: 'Sees and changes only their own tasks, history and watches.' },
    ADMIN: { description: 'Sees and changes everything, including other users’ tasks and the settings.' },
  },
});

const UserType = builder.prismaNode('User', {
  description: 'An account on this server. Users own the tasks that they queue.',
  id: { field: 'id', description: 'Permanent id of the form `User:<uuid>`.' },
  // `node(id:)` accepts any id from anyone.
  nullable: true,
  findUnique: (id, { viewer }) => ({ id: parseRowId('User', id), AND: usersVisibleTo(viewer) }),
  fields: (t) => ({
    username: t.exposeString('username', { description: 'Unique name to sign in with.' }),
    role: t.expose('role', {
      type: UserRoleEnum,
      description: '`ADMIN` or `USER`; the enum says what each may do.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the account was created.' }),
  }),
});

builder.queryFields((t) => ({
  authStatus: t.field({
    type: AuthStatusType,
    skipTypeScopes: true,
    description: 'How users sign in to this server. No sign-in is needed to read this.',
    resolve: () => AUTH_OFF,
  }),
  viewer: t.prismaField({
    type: UserType,
    nullable: true,
    skipTypeScopes: true,
    description: 'The signed-in user; null without one. While authentication is off, the user `system`.',
    resolve: (query, _root, _args, { db, viewer }) => findUser(db, viewer.id, query),
  }),
}));
