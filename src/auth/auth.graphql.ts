import { builder, INTERNAL } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { parseRowId } from '../graphql/node-id.js';
import { visibleUsers } from './access-rules.js';
import { AuthDisabledError, ForbiddenError, UnauthenticatedError } from './errors.js';
import { findUser } from './user-store.js';
import { isRegistrationOpen } from './users.js';

builder.objectType(ForbiddenError, {
  name: 'Forbidden',
  description:
    'Returned when your role, or the scopes of your API key, do not allow the action; nothing was changed.',
  interfaces: [ErrorInterface],
});

builder.objectType(AuthDisabledError, {
  name: 'AuthDisabled',
  description:
    'Returned by what needs users while authentication is off; AUTH_ENABLED in the environment of the server turns it on.',
  interfaces: [ErrorInterface],
});

interface AuthStatus {
  enabled: boolean;
  registrationEnabled: boolean;
  ssoProviders: string[];
}

const AuthStatusType = builder.objectRef<AuthStatus>('AuthStatus').implement({
  description: 'Sign-in methods that this server offers.',
  fields: (t) => ({
    enabled: t.exposeBoolean('enabled', {
      description: 'Whether callers must sign in. If false, every caller is the user `system`, an admin.',
    }),
    registrationEnabled: t.exposeBoolean('registrationEnabled', {
      description:
        'Whether people may create an account themselves. True while there are no users: the first one becomes an admin.',
    }),
    ssoProviders: t.exposeStringList('ssoProviders', {
      description:
        'Names of the single sign-on providers that this server accepts; empty when none is configured.',
    }),
  }),
});

export const UserRoleEnum = builder.enumType('UserRole', {
  description: 'What a user may see and change.',
  values: {
    USER: { description: 'Sees and changes only their own tasks, history and watches.' },
    ADMIN: { description: 'Sees and changes everything, including other users’ tasks and the settings.' },
  },
});

export const UserType = builder.prismaNode('User', {
  description:
    'An account on this server. Users own the tasks that they queue. A user sees only their own account, an admin all.',
  id: { field: 'id', description: 'Permanent id of the form `User:<uuid>`.' },
  nullable: true,
  findUnique: (id, { viewer }) => ({ id: parseRowId('User', id), ...visibleUsers(viewer) }),
  fields: (t) => ({
    username: t.exposeString('username', { description: 'Unique name to sign in with.' }),
    role: t.expose('role', {
      type: UserRoleEnum,
      description: '`ADMIN` or `USER`; the enum says what each may do.',
    }),
    email: t.exposeString('email', { nullable: true, description: 'Email address; null when unknown.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the account was created.' }),
    lastSignInAt: t.expose('lastSignInAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the user last signed in; null for never.',
    }),
    hasPassword: t.boolean({
      description: 'Whether the user signs in with a password. If false, only by `providers`.',
      resolve: ({ passwordHash }) => passwordHash !== null,
    }),
    providers: t.stringList({
      description:
        'Names of the single sign-on providers that the user is linked to, for example `google`; the first one linked comes first.',
      select: { identities: { select: { provider: true }, orderBy: { createdAt: 'asc' } } },
      resolve: ({ identities }) => identities.map(({ provider }) => provider),
    }),
  }),
});

builder.queryFields((t) => ({
  authStatus: t.field({
    type: AuthStatusType,
    skipTypeScopes: true,
    description: 'How users sign in to this server. No sign-in is needed to read this.',
    resolve: async (_root, _args, { env, db }) => ({
      enabled: env.authEnabled,
      registrationEnabled: env.authEnabled && (await isRegistrationOpen(db, env)),
      ssoProviders: env.authEnabled ? env.signInProviders.map(({ name }) => name) : [],
    }),
  }),
  viewer: t.prismaField({
    type: UserType,
    nullable: true,
    skipTypeScopes: true,
    description: 'The signed-in user; null without one. While authentication is off, the user `system`.',
    resolve: (query, _root, _args, { db, viewer }) => findUser(db, viewer.id, query),
  }),
  profile: t.prismaField({
    ...INTERNAL,
    type: UserType,
    description: 'As `viewer`, but refused with the reason why nobody is signed in.',
    resolve: async (query, _root, _args, { db, viewer }) => {
      const user = await findUser(db, viewer.id, query);
      if (!user) throw new UnauthenticatedError();
      return user;
    },
  }),
}));
