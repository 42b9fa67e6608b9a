import { z } from 'zod';
import { toFailure } from '../errors.js';
import { route, type AnyRoute } from '../route.js';
import {
  ACCOUNT,
  ACCOUNTS,
  CREATE_ACCOUNT,
  DELETE_ACCOUNT,
  MARKETS,
  SET_SPOTIFY_APP,
  SPOTIFY_APP,
  UPDATE_ACCOUNT,
} from './documents.js';
import {
  accountChangeSchema,
  accountInput,
  accountListSchema,
  accountSchema,
  accountValuesInput,
  changedSpotifyAppSchema,
  marketsSchema,
  namesSchema,
  serviceInput,
  spotifyAppInput,
  spotifyAppSchema,
} from './schemas.js';
import { accountOf, serializeAccount, serializeChange, serializeSpotifyApp, toSecrets } from './serialize.js';

const PATH = '/credentials/{service}/{name}';
const NEVER_RETURNED = 'Secrets are never returned: only their last characters, or `…`, as a hint.';

const idOf = ({ service, name }: { service: string; name: string }) => `${service}/${name}`;

/** GraphQL keeps what is null. */
const toRegion = (region: string | null | undefined) => (region === undefined ? null : (region ?? ''));

const names = route({
  path: '/credentials/{service}',
  docs: {
    summary: 'List the names of the credentials of a service. Requires the admin role.',
    description: 'For a service without credentials the list is empty; an unknown service is an error.',
    response: namesSchema,
    example: { service: 'spotify' },
  },
  input: serviceInput,
  document: ACCOUNTS,
  variables: ({ service }) => ({ service }),
  respond: ({ accounts }) => accounts.map(({ name }) => name),
});

const all = route({
  path: '/credentials/all/{service}',
  docs: {
    summary: 'Show all credentials of a service. Requires the admin role.',
    description: NEVER_RETURNED,
    response: accountListSchema,
    example: { service: 'deezer' },
  },
  input: serviceInput,
  document: ACCOUNTS,
  variables: ({ service }) => ({ service }),
  respond: ({ accounts }) =>
    accounts.map((account) => ({ name: account.name, details: serializeAccount(account) })),
});

const one = route({
  path: PATH,
  docs: {
    summary: 'Show credentials without their secrets. Requires the admin role.',
    description: NEVER_RETURNED,
    response: accountSchema,
    example: { service: 'spotify', name: 'main' },
    errors: [404],
  },
  input: accountInput,
  document: ACCOUNT,
  variables: (input) => ({ id: idOf(input) }),
  respond: ({ account }, { input }) => {
    if (account) return serializeAccount(account);
    throw toFailure({ code: 'ACCOUNT_NOT_FOUND', message: `There is no account "${idOf(input)}".` });
  },
});

const create = route({
  methods: ['POST'],
  path: PATH,
  docs: {
    summary: 'Add credentials for a service. Requires the admin role.',
    description:
      'They are stored encrypted. The first of a service become the active ones. If the name is taken, the existing credentials stay as they are. The audio of Spotify and Deezer is never used: `blob_content` and `arl` are stored and not sent anywhere.',
    response: accountChangeSchema,
    example: {
      ...{ service: 'spotify', name: 'second', region: 'DE' },
      ...{ client_id: '5f1c0e2b7d9a4e33', client_secret: '0b7e94d2c6a15f38' },
    },
    body: 'CredentialsValues',
    errors: [409],
  },
  input: accountValuesInput,
  document: CREATE_ACCOUNT,
  bodyOnly: true,
  variables: ({ service, name, region, ...values }) => ({
    input: { service, name, region: toRegion(region), secrets: toSecrets(values) },
  }),
  respond: ({ result }) => serializeChange(result, 'created'),
});

const update = route({
  methods: ['PUT'],
  path: PATH,
  docs: {
    summary: 'Change the region or secrets of credentials. Requires the admin role.',
    description: 'A secret that is omitted, empty, or equal to its hint keeps its value.',
    response: accountChangeSchema,
    example: { service: 'deezer', name: 'main', region: 'FR', arl: '9c41d07be52f8a6390' },
    body: 'CredentialsValues',
    errors: [404, 409],
  },
  input: accountValuesInput,
  document: UPDATE_ACCOUNT,
  bodyOnly: true,
  variables: ({ service, name, region, ...values }) => ({
    id: idOf({ service, name }),
    input: { region: toRegion(region), secrets: toSecrets(values) },
  }),
  respond: ({ result }) => serializeChange(result, 'updated'),
});

const remove = route({
  methods: ['DELETE'],
  path: PATH,
  docs: {
    summary: 'Delete credentials with their secrets. Requires the admin role.',
    description: 'If they were the active ones of the service, it has none afterwards.',
    response: accountChangeSchema,
    example: { service: 'spotify', name: 'main' },
    errors: [404],
  },
  input: accountInput,
  document: DELETE_ACCOUNT,
  variables: (input) => ({ id: idOf(input) }),
  respond: ({ result }) => serializeChange(result, 'deleted'),
});

const showSpotifyApp = route({
  path: '/credentials/spotify_api_config',
  docs: {
    summary: 'Show the client id of the Spotify app. Requires the admin role.',
    description: 'The server uses this app for the API of Spotify. Its secret is never returned.',
    response: spotifyAppSchema,
    example: {},
  },
  input: z.object({}),
  document: SPOTIFY_APP,
  variables: () => ({}),
  respond: ({ spotifyApp }) => serializeSpotifyApp(spotifyApp),
});

const setSpotifyApp = route({
  methods: ['PUT'],
  path: '/credentials/spotify_api_config',
  docs: {
    summary: 'Set client id and secret of the Spotify app. Requires the admin role.',
    description: 'Both are needed the first time; later, an empty or omitted one keeps its value.',
    response: changedSpotifyAppSchema,
    example: { client_id: '5f1c0e2b7d9a4e33', client_secret: '0b7e94d2c6a15f38' },
    body: 'SpotifyAppChange',
    errors: [409],
  },
  input: spotifyAppInput,
  document: SET_SPOTIFY_APP,
  bodyOnly: true,
  variables: (input) => ({ input: toSecrets(input) }),
  respond: ({ result }) => ({
    message: 'The Spotify app was updated.',
    ...serializeSpotifyApp(accountOf(result)),
  }),
});

const markets = route({
  path: '/credentials/markets',
  docs: {
    summary: 'List the countries that an account can be of. Requires the admin role.',
    description: 'A built-in list, which begins with the countries of existing accounts.',
    response: marketsSchema,
    example: {},
  },
  input: z.object({}),
  document: MARKETS,
  variables: () => ({}),
  respond: (lists) => lists,
});

export const CREDENTIAL_ROUTES: readonly AnyRoute[] = [
  names,
  all,
  one,
  create,
  update,
  remove,
  showSpotifyApp,
  setSpotifyApp,
  markets,
];
