import type { SpotifyConnection } from '../../accounts/spotify-access.js';
import { ForbiddenError } from '../../auth/errors.js';
import { CatalogItemNotFoundError } from '../../catalog/errors.js';
import { PlaylistType } from '../../catalog/item-types.graphql.js';
import { builder, INTERNAL } from '../../graphql/builder.js';
import {
  connectOffsetPage,
  createConnectionType,
  offsetPageArgs,
  pageComplexity,
} from '../../graphql/connection.js';
import { InvalidInputError } from '../../lib/errors.js';
import { CallbackInput, ProviderRedirect } from '../../sso/sso.graphql.js';
import {
  disconnectSpotify,
  findSpotifyConnection,
  finishSpotifyConnection,
  listSpotifyPlaylists,
  startSpotifyConnection,
} from './connect.js';

const ConnectedAccountType = builder.objectRef<SpotifyConnection>('ConnectedSpotifyAccount').implement({
  description: 'The Spotify account whose private playlists this server can read.',
  fields: (t) => ({
    userId: t.exposeString('userId', { description: 'Id of the user at Spotify.' }),
    userName: t.exposeString('userName', {
      nullable: true,
      description: 'Name that the user has at Spotify; null when Spotify does not say.',
    }),
    connectedAt: t.expose('connectedAt', {
      type: 'DateTime',
      description: 'When an admin connected the account.',
    }),
  }),
});

const SpotifyPlaylistConnection = createConnectionType(
  'SpotifyPlaylist',
  PlaylistType,
  'the playlists of the connected Spotify account',
);

builder.queryFields((t) => ({
  spotifyConnection: t.field({
    type: ConnectedAccountType,
    nullable: true,
    authScopes: { ADMIN: true },
    description: 'The Spotify account that is connected; null while none is. An error without a Spotify app.',
    resolve: (_root, _args, context) => findSpotifyConnection(context, context.viewer),
  }),
  spotifyPlaylists: t.field({
    type: SpotifyPlaylistConnection,
    nullable: true,
    authScopes: { ADMIN: true },
    description:
      'Playlists that the connected Spotify account has or follows, private ones included. Null, with an entry in `errors`, while none is connected.',
    args: offsetPageArgs(t),
    complexity: pageComplexity,
    resolve: (_root, args, context) =>
      connectOffsetPage(args, (page) =>
        listSpotifyPlaylists(context, context.viewer, { ...page, signal: context.signal }),
      ),
  }),
}));

const SpotifyDisconnected = builder.objectRef<{ catalog: string }>('SpotifyDisconnected').implement({
  description: 'The Spotify account is no longer connected, and its token is deleted.',
  fields: (t) => ({
    catalog: t.exposeString('catalog', {
      description: 'Name of the catalog that the account was for: `spotify`.',
    }),
  }),
});

builder.mutationFields((t) => ({
  startSpotifyConnection: t.field({
    type: ProviderRedirect,
    authScopes: { ADMIN: true },
    description:
      'Begins to connect a Spotify account, so that its private playlists can be read and downloaded here by everybody. The browser comes back to FRONTEND_URL with `?spotify=connected`, or with `?error=` and a text. Impossible over WebSocket and with an API key.',
    errors: {
      types: [CatalogItemNotFoundError, InvalidInputError, ForbiddenError],
      union: {
        name: 'StartSpotifyConnectionResult',
        description: 'Where to send the browser, or why no account can be connected.',
      },
    },
    resolve: async (_root, _args, context) => ({ url: await startSpotifyConnection(context, context) }),
  }),
  disconnectSpotify: t.field({
    type: SpotifyDisconnected,
    authScopes: { ADMIN: true },
    description: 'Ends that this server reads playlists of the connected Spotify account.',
    errors: {
      types: [CatalogItemNotFoundError],
      union: {
        name: 'DisconnectSpotifyResult',
        description: 'Confirms that the account was disconnected, or says that there was none.',
      },
    },
    resolve: async (_root, _args, context) => {
      await disconnectSpotify(context, context);
      return { catalog: 'spotify' };
    },
  }),
  finishSpotifyConnection: t.field({
    ...INTERNAL,
    type: 'URL',
    description: 'Where the browser goes from the redirect URI of the Spotify app.',
    args: {
      callback: t.arg({ type: CallbackInput, required: true, description: 'What Spotify answered.' }),
    },
    resolve: async (_root, { callback }, context) => {
      const { code = null, state = null, iss = null, error = null } = callback;
      return (await finishSpotifyConnection(context, context, { code, state, iss, error })).href;
    },
  }),
}));
