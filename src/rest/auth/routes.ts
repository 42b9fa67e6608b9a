import { z } from 'zod';
import { toFailure } from '../errors.js';
import { pagedRoute, route, type AnyRoute } from '../route.js';
import {
  AUTH_STATUS,
  CHANGE_PASSWORD,
  CREATE_USER,
  DELETE_USER,
  LOG_IN,
  LOG_OUT,
  PROFILE,
  REGISTER,
  RESET_PASSWORD,
  SET_USER_ROLE,
  USERS,
} from './documents.js';
import {
  addedUserSchema,
  authMessageSchema,
  authStatusSchema,
  login,
  newAccount,
  newUser,
  passwordChange,
  passwordReset,
  roleChange,
  signedInSchema,
  userListSchema,
  userPath,
  userSchema,
} from './schemas.js';
import { serializeAuthStatus, serializeSignedIn, serializeUser } from './serialize.js';

const status = route({
  path: '/auth/status',
  docs: {
    summary: 'Show how to sign in and who is signed in.',
    description:
      'A token that is not valid counts as none. Without authentication, everyone is the user `system` with the role `admin`.',
    response: authStatusSchema,
    example: {},
  },
  input: z.object({}),
  document: AUTH_STATUS,
  variables: () => ({}),
  respond: serializeAuthStatus,
});

const loggingIn = route({
  methods: ['POST'],
  path: '/auth/login',
  docs: {
    summary: 'Sign in with a name and a password.',
    description:
      'The token is valid for TOKEN_HOURS, unless it is revoked before. After repeated failures, `retry_after` says when the next try is possible.',
    response: signedInSchema,
    example: { username: 'ana', password: 'quite a secret' },
    body: 'Login',
  },
  input: login,
  document: LOG_IN,
  bodyOnly: true,
  variables: (input) => input,
  respond: ({ signIn: result }, { now }) => {
    if (result.__typename !== 'SignedIn') throw toFailure(result);
    return serializeSignedIn(result, now);
  },
});

const loggingOut = route({
  methods: ['POST'],
  path: '/auth/logout',
  docs: {
    summary: 'Sign out: revoke the token of this request.',
    description: 'Succeeds without a valid token too: nobody is signed in then.',
    response: authMessageSchema,
    example: {},
  },
  input: z.object({}),
  document: LOG_OUT,
  variables: () => ({}),
  respond: ({ signOut: { sessions } }) => ({
    message: sessions > 0 ? 'Signed out.' : 'Nobody was signed in.',
  }),
});

const registration = route({
  methods: ['POST'],
  path: '/auth/register',
  docs: {
    summary: 'Create an account for yourself.',
    description:
      'The first user of a server becomes an admin; then REGISTRATION_ENABLED decides. Signs nobody in: `/auth/login` does. At most 100 in an hour from one address.',
    response: addedUserSchema,
    example: { username: 'ben', password: 'correct horse battery' },
    errors: [409, 429],
    body: 'NewAccount',
  },
  input: newAccount,
  document: REGISTER,
  bodyOnly: true,
  variables: (input) => ({ input }),
  respond: ({ register: result }) => {
    if (result.__typename !== 'Registered') throw toFailure(result);
    return { message: `User "${result.user.username}" registered.`, user: serializeUser(result.user) };
  },
});

const users = pagedRoute({
  path: '/auth/users',
  docs: {
    summary: 'List all users. For admins.',
    description: 'While authentication is on, the user `system` is not among them.',
    response: userListSchema,
    example: {},
  },
  input: z.object({}),
  document: USERS,
  variables: (_input, after) => ({ after }),
  next: ({ users: { pageInfo } }) => (pageInfo.hasNextPage ? pageInfo.endCursor : null),
  itemsOf: ({ users }) => users.nodes.map(serializeUser),
});

const creation = route({
  methods: ['POST'],
  path: '/auth/users/create',
  docs: {
    summary: 'Create an account for somebody. For admins.',
    description: 'Works whether or not people may register themselves.',
    response: addedUserSchema,
    example: { username: 'ben', password: 'correct horse battery', email: 'ben@example.org', role: 'user' },
    errors: [409],
    body: 'NewUser',
  },
  input: newUser,
  document: CREATE_USER,
  bodyOnly: true,
  variables: (input) => ({ input }),
  respond: ({ createUser: result }) => {
    if (result.__typename !== 'UserCreated') throw toFailure(result);
    return { message: `User "${result.user.username}" created.`, user: serializeUser(result.user) };
  },
});

const deletion = route({
  methods: ['DELETE'],
  path: '/auth/users/{username}',
  docs: {
    summary: 'Delete another user, with tasks and history; files are kept. For admins.',
    description: 'Sessions, API keys and running downloads of the user end at once.',
    response: authMessageSchema,
    example: { username: 'ana' },
    errors: [404],
  },
  input: userPath,
  document: DELETE_USER,
  variables: ({ username }) => ({ user: username }),
  respond: ({ deleteUser: result }) => {
    if (result.__typename !== 'UserDeleted') throw toFailure(result);
    return { message: `User "${result.username}" deleted.` };
  },
});

const role = route({
  methods: ['PUT'],
  path: '/auth/users/{username}/role',
  docs: {
    summary: 'Make another user an admin, or an admin a user. For admins.',
    description: 'Takes effect at once. The last admin cannot become a user.',
    response: authMessageSchema,
    example: { username: 'ana', role: 'admin' },
    errors: [404],
    body: 'RoleChange',
  },
  input: roleChange,
  document: SET_USER_ROLE,
  variables: ({ username, role }) => ({ user: username, role }),
  respond: ({ setUserRole: result }, { input }) => {
    if (result.__typename !== 'UserRoleSet') throw toFailure(result);
    return { message: `User "${result.user.username}" has the role ${input.role.toLowerCase()}.` };
  },
});

const reset = route({
  methods: ['PUT'],
  path: '/auth/users/{username}/password',
  docs: {
    summary: 'Give a user a new password. For admins.',
    description: 'All sessions and API keys of the user end at once.',
    response: authMessageSchema,
    example: { username: 'ana', new_password: 'correct horse battery' },
    errors: [404],
    body: 'PasswordReset',
  },
  input: passwordReset,
  document: RESET_PASSWORD,
  bodyOnly: true,
  variables: ({ username, new_password }) => ({ user: username, newPassword: new_password }),
  respond: ({ resetPassword: result }) => {
    if (result.__typename !== 'PasswordReset') throw toFailure(result);
    return { message: `Password of user "${result.user.username}" reset.` };
  },
});

const profile = route({
  path: '/auth/profile',
  docs: {
    summary: 'Show your own account.',
    description: 'Without authentication, that of the user `system`.',
    response: userSchema,
    example: {},
  },
  input: z.object({}),
  document: PROFILE,
  variables: () => ({}),
  respond: ({ profile: user }) => serializeUser(user),
});

const password = route({
  methods: ['PUT'],
  path: '/auth/profile/password',
  docs: {
    summary: 'Change your own password.',
    description: 'A wrong current password is answered with 400. All your other sessions end at once.',
    response: authMessageSchema,
    example: { current_password: 'quite a secret', new_password: 'correct horse battery' },
    body: 'PasswordChange',
  },
  input: passwordChange,
  document: CHANGE_PASSWORD,
  bodyOnly: true,
  variables: ({ current_password, new_password }) => ({
    currentPassword: current_password,
    newPassword: new_password,
  }),
  respond: ({ changePassword: result }) => {
    if (result.__typename !== 'PasswordChanged') throw toFailure(result);
    return { message: 'Password changed.' };
  },
});

export const AUTH_ROUTES: readonly AnyRoute[] = [
  status,
  loggingIn,
  loggingOut,
  registration,
  users,
  creation,
  deletion,
  role,
  reset,
  profile,
  password,
];
