import { AuthDisabledError, ForbiddenError } from '../auth/errors.js';
import { builder, INTERNAL } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { InvalidInputError } from '../lib/errors.js';
import {
  LastSignInMethodError,
  ProviderDisabledError,
  ProviderFailedError,
  ProviderNotFoundError,
  ProviderNotLinkedError,
} from './errors.js';
import { unlinkProvider } from './identities.js';
import type { SignInProvider } from './provider.js';
import { finishProviderSignIn, startProviderLink, startProviderSignIn } from './sign-in.js';

builder.objectType(ProviderNotFoundError, {
  name: 'ProviderNotFound',
  description: 'Returned for a name that no sign-in provider has; `signInProviders` lists those there are.',
  interfaces: [ErrorInterface],
});

builder.objectType(ProviderDisabledError, {
  name: 'ProviderDisabled',
  description: 'Returned for a known sign-in provider that this server has no client id for.',
  interfaces: [ErrorInterface],
});

builder.objectType(ProviderFailedError, {
  name: 'ProviderFailed',
  description: 'Returned when the sign-in provider does not answer, or not as it should; try again later.',
  interfaces: [ErrorInterface],
});

builder.objectType(ProviderNotLinkedError, {
  name: 'ProviderNotLinked',
  description: 'Returned when you unlink a provider that you are not linked to.',
  interfaces: [ErrorInterface],
});

builder.objectType(LastSignInMethodError, {
  name: 'LastSignInMethod',
  description: 'Returned when you could not sign in any more without this provider; it stays linked.',
  interfaces: [ErrorInterface],
});

const SignInProviderType = builder.objectRef<SignInProvider>('SignInProvider').implement({
  description: 'A service where people have an account that they can sign in with, such as Google.',
  fields: (t) => ({
    name: t.exposeString('name', {
      description: 'Name in addresses and arguments, for example `google`.',
    }),
    displayName: t.exposeString('displayName', { description: 'Name to show to people, such as “Google”.' }),
  }),
});

builder.queryField('signInProviders', (t) =>
  t.field({
    type: [SignInProviderType],
    skipTypeScopes: true,
    description:
      'Providers that people can sign in with here; empty while authentication is off. No sign-in is needed to read this.',
    resolve: (_root, _args, { env, signInProviders }) => (env.authEnabled ? [...signInProviders] : []),
  }),
);

export const ProviderRedirect = builder.objectRef<{ url: URL }>('ProviderRedirect').implement({
  description: 'A page of the provider that the browser must open, within ten minutes.',
  fields: (t) => ({
    url: t.field({
      type: 'URL',
      description: 'Address of the page. A cookie of this response must come back with the browser.',
      resolve: ({ url }) => url.href,
    }),
  }),
});

const ProviderUnlinked = builder.objectRef<{ provider: string }>('ProviderUnlinked').implement({
  description: 'The account at the provider no longer signs you in.',
  fields: (t) => ({
    provider: t.exposeString('provider', { description: 'Name of the provider, for example `github`.' }),
  }),
});

const provider = {
  required: true,
  description: 'Name of the provider as in `signInProviders`, for example `google`.',
} as const;

const START_ERRORS = [
  AuthDisabledError,
  ProviderNotFoundError,
  ProviderDisabledError,
  ProviderFailedError,
  InvalidInputError,
];

builder.mutationFields((t) => ({
  startProviderSignIn: t.field({
    type: ProviderRedirect,
    description:
      'Begins a sign-in at a provider. The browser comes back to FRONTEND_URL with `?token=`, or with `?error=` and a text. No sign-in is needed, nor a WebSocket possible.',
    args: { provider: t.arg.string(provider) },
    errors: {
      types: START_ERRORS,
      union: {
        name: 'StartProviderSignInResult',
        description: 'Where to send the browser, or why the sign-in cannot begin.',
      },
    },
    resolve: async (_root, args, context) => ({
      url: await startProviderSignIn(context, context, args.provider),
    }),
  }),
  startProviderLink: t.field({
    type: ProviderRedirect,
    authScopes: { signedIn: true },
    description:
      'Begins to link your account at a provider to you, so that it signs you in from then on. The browser comes back to FRONTEND_URL with `?linked=` and the name of the provider, or with `?error=`.',
    args: { provider: t.arg.string(provider) },
    errors: {
      types: [...START_ERRORS, ForbiddenError],
      union: {
        name: 'StartProviderLinkResult',
        description: 'Where to send the browser, or why the link cannot begin.',
      },
    },
    resolve: async (_root, args, context) => ({
      url: await startProviderLink(context, context, args.provider),
    }),
  }),
  unlinkProvider: t.field({
    type: ProviderUnlinked,
    authScopes: { signedIn: true },
    description:
      'Ends that your account at a provider signs you in. Refused while you have no password and no other provider.',
    args: { provider: t.arg.string(provider) },
    errors: {
      types: [
        AuthDisabledError,
        ForbiddenError,
        ProviderNotFoundError,
        ProviderDisabledError,
        ProviderNotLinkedError,
        LastSignInMethodError,
      ],
      union: {
        name: 'UnlinkProviderResult',
        description: 'The provider that was unlinked, or why it is still linked.',
      },
    },
    resolve: async (_root, args, context) => {
      await unlinkProvider(context, context, args.provider);
      return { provider: args.provider };
    },
  }),
}));

export const CallbackInput = builder.inputType('SignInCallbackInput', {
  ...INTERNAL,
  description: 'Parameters that a provider added to the redirect URI.',
  fields: (t) => ({
    code: t.string({ description: 'Authorization code to exchange for tokens.' }),
    state: t.string({ description: 'State of the request that this answers.' }),
    iss: t.string({ description: 'Issuer that answers, as RFC 9207 has it.' }),
    error: t.string({ description: 'Code of an error, in place of a code.' }),
  }),
});

builder.mutationField('finishProviderSignIn', (t) =>
  t.field({
    ...INTERNAL,
    type: 'URL',
    description:
      'Where the browser goes from the redirect URI: always a page of this server or FRONTEND_URL.',
    args: {
      provider: t.arg.string({ required: true, description: 'Name of the provider, from the path.' }),
      callback: t.arg({ type: CallbackInput, required: true, description: 'What the provider answered.' }),
    },
    resolve: async (_root, args, context) => {
      const { code = null, state = null, iss = null, error = null } = args.callback;
      const callback = { provider: args.provider, parameters: { code, state, iss, error } };
      return (await finishProviderSignIn(context, context, callback)).href;
    },
  }),
);
