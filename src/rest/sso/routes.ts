import { z } from 'zod';
import { toFailure } from '../errors.js';
import { text } from '../input.js';
import { redirect } from '../reply.js';
import { route, type AnyRoute } from '../route.js';
import { FINISH_SIGN_IN, FINISH_SPOTIFY, SSO_STATUS, START_SIGN_IN, UNLINK_PROVIDER } from './documents.js';
import { ssoStatusSchema, unlinkedSchema } from './schemas.js';
import { serializeSsoStatus } from './serialize.js';

/** The address that one comes from holds a code, and the one that one goes to a token. */
const REDIRECT = { status: 302, headers: { 'referrer-policy': 'no-referrer' } };

const provider = text(64).describe('Name of the provider: `google`, `github`, or a configured one.');

const status = route({
  path: '/auth/sso/status',
  docs: {
    summary: 'List the providers to sign in with.',
    description: 'For a page with a button for each. No token is needed.',
    response: ssoStatusSchema,
    example: {},
  },
  input: z.object({}),
  document: SSO_STATUS,
  variables: () => ({}),
  respond: serializeSsoStatus,
});

const login = route({
  path: '/auth/sso/login/{provider}',
  docs: {
    summary: 'Sign in at a provider.',
    description:
      'For a link: the browser goes on to the page of the provider. No token is needed. With a cookie that must come back.',
    response: null,
    example: { provider: 'google' },
    errors: [404, 502],
  },
  input: z.object({ provider }),
  document: START_SIGN_IN,
  variables: ({ provider }) => ({ provider }),
  status: 302,
  foreignPages: 'A page on another origin may have the button; it begins a sign-in and changes nothing else.',
  respond: ({ startProviderSignIn: result }) => {
    if (result.__typename !== 'ProviderRedirect') throw toFailure(result);
    return redirect(result.url, REDIRECT);
  },
});

const parameter = (about: string) => z.string().max(2_000).optional().describe(about);

const answer = {
  code: parameter('Authorization code of the provider.'),
  state: parameter('State that the sign-in began with; each is accepted once.'),
  iss: parameter('Issuer that the provider says it is.'),
  error: parameter('Code of an error at the provider. It is never shown.'),
};

const callback = route({
  path: '/auth/sso/callback/{provider}',
  docs: {
    summary: 'Come back from a provider.',
    description:
      'Where providers send the browser; their settings need this address. It goes on to FRONTEND_URL, with `?token=` and a cookie after a sign-in, with `?linked=` after a link, else with `?error=` and a text.',
    response: null,
    example: { provider: 'google', state: 'x', code: 'y' },
  },
  input: z.object({ provider, ...answer }),
  document: FINISH_SIGN_IN,
  variables: ({ provider, ...callback }) => ({ provider, callback }),
  status: 302,
  foreignPages:
    'The provider’s page leads here; the state, in a cookie of this browser, says that it began here.',
  respond: ({ finishProviderSignIn }) => redirect(finishProviderSignIn, REDIRECT),
});

const spotify = route({
  path: '/auth/spotify/callback',
  docs: {
    summary: 'Come back from Spotify.',
    description:
      'Where Spotify sends the browser of an admin who connects an account; the settings of the app need this address. It goes on to FRONTEND_URL, with `?spotify=connected`, or with `?error=` and a text.',
    response: null,
    example: { state: 'x', code: 'y' },
  },
  input: z.object(answer),
  document: FINISH_SPOTIFY,
  variables: (callback) => ({ callback }),
  status: 302,
  foreignPages: 'Spotify’s page leads here; the state, in a cookie of this browser, says that it began here.',
  respond: ({ finishSpotifyConnection }) => redirect(finishSpotifyConnection, REDIRECT),
});

const unlink = route({
  methods: ['POST'],
  path: '/auth/sso/unlink/{provider}',
  docs: {
    summary: 'Unlink a provider.',
    description:
      'The account there no longer signs you in. Refused while you have no password and no other provider.',
    response: unlinkedSchema,
    example: { provider: 'google' },
    errors: [404],
  },
  input: z.object({ provider }),
  document: UNLINK_PROVIDER,
  variables: ({ provider }) => ({ provider }),
  respond: ({ unlinkProvider: result }) => {
    if (result.__typename !== 'ProviderUnlinked') throw toFailure(result);
    return { message: `Provider "${result.provider}" was unlinked.` };
  },
});

export const SSO_ROUTES: readonly AnyRoute[] = [status, login, callback, spotify, unlink];
