import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { InvalidInputError } from '../lib/errors.js';
import { UserType } from '../auth/auth.graphql.js';
import {
  AuthDisabledError,
  InvalidCredentialsError,
  SessionEndedError,
  TooManySignInsError,
} from '../auth/errors.js';
import type { SessionKind, StartedSession } from './sessions.js';
import { createStreamTicket, type StreamTicket } from './stream-tickets.js';
import { refreshSession, signIn, signOut } from './sign-in.js';
import { getUser } from '../auth/user-store.js';

builder.objectType(InvalidCredentialsError, {
  name: 'InvalidCredentials',
  description:
    'Returned when the username or the password is wrong, or the user has no password; which of these is not told.',
  interfaces: [ErrorInterface],
});

builder.objectType(TooManySignInsError, {
  name: 'TooManySignIns',
  description:
    'Returned after repeated failures for the username or from your address. Once `retryAfterSeconds` have passed, you have one try.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    retryAfterSeconds: t.int({
      description: 'Seconds to wait before the next sign-in.',
      resolve: ({ retryAfterMs }) => Math.ceil(retryAfterMs / 1_000),
    }),
  }),
});

builder.objectType(SessionEndedError, {
  name: 'SessionEnded',
  description:
    'Returned when there is no session to refresh: it has expired, was ended, or its refresh cookie was used twice. Sign in again.',
  interfaces: [ErrorInterface],
});

const SessionKindEnum = builder.enumType('SessionKind', {
  description: 'How long a sign-in holds, and by which tokens.',
  values: {
    REFRESHABLE: {
      description:
        'For browsers: an access token of 15 minutes, and an HttpOnly cookie with which `refreshSession` gets the next one.',
    },
    SINGLE: { description: 'For scripts: one access token, which is valid for TOKEN_HOURS.' },
  } satisfies Record<Exclude<SessionKind, 'LASTING'>, object>,
});

const SignInInput = builder.inputType('SignInInput', {
  description: 'Who signs in, and for how long.',
  fields: (t) => ({
    username: t.string({ required: true, description: 'Name of the user, in upper or lower case.' }),
    password: t.string({ required: true, description: 'Password of the user, case-sensitive.' }),
    kind: t.field({
      type: SessionKindEnum,
      required: true,
      defaultValue: 'REFRESHABLE',
      description: 'Kind of the session; over WebSocket only `SINGLE`, because a cookie cannot be set there.',
    }),
  }),
});

const SignedIn = builder.objectRef<StartedSession>('SignedIn').implement({
  description: 'A session has begun or goes on. Send its access token with every request.',
  fields: (t) => ({
    accessToken: t.exposeString('accessToken', {
      description: 'Token to send as `Authorization: Bearer …`, or as `authorization` in `connection_init`.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'When the access token ends; refresh the session, or sign in again, before that.',
    }),
    user: t.prismaField({
      type: UserType,
      description: 'The user who is now signed in.',
      // Read as a whole: to the context of this request, nobody is signed in.
      resolve: (query, { user }, _args, { db }) => getUser(db, user.id, query),
    }),
  }),
});

const SignedOut = builder.objectRef<{ sessions: number }>('SignedOut').implement({
  description: 'What signing out has ended. Tokens of these sessions are refused from now on.',
  fields: (t) => ({
    sessions: t.exposeInt('sessions', {
      description: 'How many sessions have ended; 0 if nobody was signed in.',
    }),
  }),
});

const StreamTicketType = builder.objectRef<StreamTicket>('StreamTicket').implement({
  description: 'Lets a browser’s `EventSource` in, which cannot send a token as a header.',
  fields: (t) => ({
    ticket: t.exposeString('ticket', {
      description: 'Value of `token` in the address `/api/prgs/stream?token=…`; it works once.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'Until when the stream must be opened, 30 seconds from now; it may then stay open.',
    }),
  }),
});

builder.mutationFields((t) => ({
  createStreamTicket: t.field({
    type: StreamTicketType,
    authScopes: { signedIn: true },
    description:
      'Makes a ticket for one event stream of REST, which sees what you see and ends with your token. Addresses are kept in histories and logs, so put a ticket there rather than a token.',
    errors: {
      types: [AuthDisabledError],
      union: { name: 'CreateStreamTicketResult', description: 'The ticket, or why it was not made.' },
    },
    resolve: (_root, _args, context) => createStreamTicket(context, context.access),
  }),
  signIn: t.field({
    type: SignedIn,
    description: 'Signs a user in by name and password.',
    args: {
      input: t.arg({
        type: SignInInput,
        required: true,
        description: 'Name, password, and kind of session.',
      }),
    },
    errors: {
      types: [InvalidCredentialsError, TooManySignInsError, AuthDisabledError, InvalidInputError],
      union: {
        name: 'SignInResult',
        description: 'The session that has begun, or why you are not signed in.',
      },
    },
    resolve: (_root, { input }, context) => signIn(context, context.request, input),
  }),
  refreshSession: t.field({
    type: SignedIn,
    description:
      'Exchanges the refresh cookie for a new access token and a new cookie. Each cookie works once: using one a second time ends the session.',
    errors: {
      types: [SessionEndedError, AuthDisabledError],
      union: {
        name: 'RefreshSessionResult',
        description: 'The session with its new tokens, or why it was not renewed.',
      },
    },
    resolve: (_root, _args, context) => refreshSession(context, context.request),
  }),
  signOut: t.field({
    type: SignedOut,
    description:
      'Ends the session of the access token, or else of the refresh cookie. An API key stays valid; `revokeApiKey` ends one.',
    args: {
      everywhere: t.arg.boolean({
        required: true,
        defaultValue: false,
        description: 'Whether all sessions of the user end, on every device.',
      }),
    },
    resolve: async (_root, { everywhere }, context) => ({
      sessions: await signOut(context, { access: context.access, request: context.request, everywhere }),
    }),
  }),
}));
