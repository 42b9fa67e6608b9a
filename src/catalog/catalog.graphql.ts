import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import {
  connectOffsetPage,
  createConnectionType,
  offsetPageArgs,
  pageComplexity,
} from '../graphql/connection.js';
import { InvalidInputError, UpstreamLimitedError } from '../lib/errors.js';
import type { CatalogType } from './catalog-item.js';
import { CatalogItemNotFoundError, InvalidItemError } from './errors.js';
import { findItem, findItemOfType, searchCatalog } from './find-item.js';
import {
  AlbumType,
  ArtistType,
  CatalogItemType,
  CatalogTypeEnum,
  EpisodeType,
  PlaylistType,
  ShowType,
  TrackType,
} from './item-types.graphql.js';

export const CatalogItemNotFoundType = builder.objectType(CatalogItemNotFoundError, {
  name: 'CatalogItemNotFound',
  description: 'The catalogue has no such item.',
  interfaces: [ErrorInterface],
});

export const InvalidItemType = builder.objectType(InvalidItemError, {
  name: 'InvalidItem',
  description: 'What was given cannot be an item of any catalogue here; no catalogue was asked.',
  interfaces: [ErrorInterface],
});

export const UpstreamLimitedType = builder.objectType(UpstreamLimitedError, {
  name: 'UpstreamLimited',
  description: 'The catalogue limits requests for a while.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    retryAfterSeconds: t.int({
      description: 'After how many seconds the catalogue may be asked again.',
      resolve: (error) => Math.ceil(error.retryAfterMs / 1000),
    }),
  }),
});

const SearchConnection = createConnectionType('Search', CatalogItemType, 'search results, the best first');

const MAX_QUERY_LENGTH = 200;

builder.queryField('search', (t) =>
  t.field({
    type: SearchConnection,
    description: 'Searches a catalogue by words of titles and names; case and accents do not matter.',
    args: {
      query: t.arg.string({ required: true, description: `Words, 1 to ${MAX_QUERY_LENGTH} characters.` }),
      type: t.arg({ type: CatalogTypeEnum, defaultValue: 'TRACK', description: 'What to search for.' }),
      catalog: t.arg.string({
        description: 'Which catalogue, for example `demo`; absent, the one in use (CATALOG).',
      }),
      ...offsetPageArgs(t),
    },
    complexity: pageComplexity,
    resolve: async (_root, args, context) => {
      // PostgreSQL takes no NUL in a text, and no title has a control character.
      const text = args.query.replace(/\p{Cc}/gu, ' ').trim();
      if (text === '' || text.length > MAX_QUERY_LENGTH) {
        throw new InvalidInputError(`query: allowed are 1 to ${MAX_QUERY_LENGTH} characters.`, 'query');
      }
      const type: CatalogType = args.type ?? 'TRACK';
      const query = { text, type, catalog: args.catalog ?? null };
      return connectOffsetPage(args, (page) => searchCatalog(context, { ...query, ...page }, context.signal));
    },
  }),
);

const ID_DESCRIPTION =
  'In any form: `Track:demo:night-ferry-1-03`, `demo:night-ferry-1-03`, or bare for the catalogue in use.';

builder.queryFields((t) => {
  const args = { id: t.arg.id({ required: true, description: ID_DESCRIPTION }) };
  return {
    track: t.field({
      type: TrackType,
      nullable: true,
      description: 'One track; null when its catalogue does not have it.',
      args,
      resolve: (_root, { id }, context) => findItemOfType(context, { id, type: 'TRACK' }, context.signal),
    }),
    album: t.field({
      type: AlbumType,
      nullable: true,
      description: 'One album; null when its catalogue does not have it.',
      args,
      resolve: (_root, { id }, context) => findItemOfType(context, { id, type: 'ALBUM' }, context.signal),
    }),
    playlist: t.field({
      type: PlaylistType,
      nullable: true,
      description: 'One playlist; null when its catalogue does not have it.',
      args,
      resolve: (_root, { id }, context) => findItemOfType(context, { id, type: 'PLAYLIST' }, context.signal),
    }),
    artist: t.field({
      type: ArtistType,
      nullable: true,
      description: 'One artist; null when their catalogue does not have them.',
      args,
      resolve: (_root, { id }, context) => findItemOfType(context, { id, type: 'ARTIST' }, context.signal),
    }),
    show: t.field({
      type: ShowType,
      nullable: true,
      description: 'One show; null when its catalogue does not have it.',
      args,
      resolve: (_root, { id }, context) => findItemOfType(context, { id, type: 'SHOW' }, context.signal),
    }),
    episode: t.field({
      type: EpisodeType,
      nullable: true,
      description: 'One episode of a show; null when its catalogue does not have it.',
      args,
      resolve: (_root, { id }, context) => findItemOfType(context, { id, type: 'EPISODE' }, context.signal),
    }),
    resolveLink: t.field({
      type: CatalogItemType,
      nullable: true,
      description:
        'The item that a link, a URI or an id of any form means; null when its catalogue does not have it.',
      args: { url: t.arg.string({ required: true, description: 'A link to an item, a URI or an id.' }) },
      resolve: (_root, { url }, context) =>
        findItem(context, { item: url, type: null }, context.signal).catch((thrown: unknown) => {
          if (thrown instanceof CatalogItemNotFoundError) return null;
          throw thrown;
        }),
    }),
  };
});
