import { builder } from '../graphql/builder.js';
import { ErrorCodeType, ErrorInterface } from '../graphql/error-types.js';
import {
  connectOffsetPage,
  createConnectionType,
  offsetPageArgs,
  searchComplexity,
  type Connection,
} from '../graphql/connection.js';
import { InvalidInputError, UpstreamLimitedError } from '../lib/errors.js';
import { countCharacters } from '../lib/formats.js';
import type { GraphqlContext } from '../context.js';
import type { CatalogItem, CatalogType } from './catalog-item.js';
import { CatalogItemNotFoundError, CatalogNotSetUpError, InvalidItemError } from './errors.js';
import { findItem, findItemOfType } from './find-item.js';
import { ALL_CATALOGS, MERGED_RESULTS, searchCatalogs, type CatalogProblem } from './search-catalogs.js';
import {
  ABOUT_REFERENCE,
  AlbumType,
  ArtistType,
  CatalogItemType,
  CatalogTypeEnum,
  EpisodeType,
  EXAMPLE_SLUGS,
  PlaylistType,
  ShowType,
  TrackType,
} from './item-types.graphql.js';

builder.objectType(CatalogItemNotFoundError, {
  name: 'CatalogItemNotFound',
  description:
    'The catalog has no such item, or is not set up here. Check the id, search for the item, or do what `message` says.',
  interfaces: [ErrorInterface],
});

builder.objectType(InvalidItemError, {
  name: 'InvalidItem',
  description: 'The input is not an id or link of an item. Use one of the forms named in `message`.',
  interfaces: [ErrorInterface],
});

builder.objectType(UpstreamLimitedError, {
  name: 'UpstreamLimited',
  description: 'The catalog limits requests for now. Try again after `retryAfterSeconds`.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    retryAfterSeconds: t.int({
      description: 'Seconds to wait before the next request to the catalog.',
      resolve: (error) => Math.ceil(error.retryAfterMs / 1000),
    }),
  }),
});

interface FoundItems extends Connection<CatalogItem> {
  problems: CatalogProblem[];
}

const SearchConnection = createConnectionType<CatalogItem, FoundItems>(
  'Search',
  CatalogItemType,
  'the search results',
);

const CatalogProblemType = builder.objectRef<CatalogProblem>('CatalogProblem').implement({
  description: 'A catalog that did not answer a search over several, so that its results are missing.',
  fields: (t) => ({
    catalog: t.exposeString('catalog', {
      description: 'Name of the catalog without an answer, for example `deezer`.',
    }),
    code: t.field({
      type: ErrorCodeType,
      description: 'Kind of failure, for example `UPSTREAM_LIMITED`.',
      resolve: ({ code }) => code,
    }),
    message: t.exposeString('message', {
      description: 'Why the catalog did not answer, in plain English.',
    }),
    retryAfterSeconds: t.int({
      nullable: true,
      description: 'Seconds after which the catalog may be searched again; null when unknown.',
      resolve: ({ retryAfterMs }) => (retryAfterMs === null ? null : Math.ceil(retryAfterMs / 1000)),
    }),
  }),
});

builder.objectField(SearchConnection, 'problems', (t) =>
  t.field({
    type: [CatalogProblemType],
    description: `Catalogs whose results are missing from a search with \`catalog: "${ALL_CATALOGS}"\`; empty when every catalog answered.`,
    resolve: ({ problems }) => problems,
  }),
);

const MAX_QUERY_LENGTH = 200;

for (const type of [TrackType, AlbumType, PlaylistType, ArtistType, ShowType, EpisodeType]) {
  builder.objectField(type, 'asOf', (t) =>
    t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'When the catalog was last read for this item, while it does not answer and a kept response stands in for it; null for a current item.',
      resolve: ({ asOf }) => (asOf === undefined ? null : new Date(asOf)),
    }),
  );
}

builder.queryField('search', (t) =>
  t.field({
    type: SearchConnection,
    nullable: true,
    description:
      'Searches one catalog, or all at once, by words in titles and names, the best match first. Case and accents do not matter. Null, with an entry in `errors`, when the search failed.',
    args: {
      query: t.arg.string({
        required: true,
        description: `Words to search for, 1 to ${MAX_QUERY_LENGTH} characters.`,
      }),
      type: t.arg({
        type: CatalogTypeEnum,
        defaultValue: 'TRACK',
        description: 'The kind of items to search for.',
      }),
      catalog: t.arg.string({
        description: `Name of the catalog to search, for example \`demo\`; omitted, the default one (setting \`catalog\`, else CATALOG). With \`${ALL_CATALOGS}\`, the ${MERGED_RESULTS} best results of every catalog are merged by rank: the same recording or album is shown once, as your own library has it, else the default catalog; \`totalCount\` counts what was merged.`,
      }),
      ...offsetPageArgs(t),
    },
    complexity: (args) => searchComplexity(args, args.query),
    resolve: async (_root, args, context) => {
      // PostgreSQL rejects NUL in a text, and titles have no control characters.
      const text = args.query.replace(/\p{Cc}/gu, ' ').trim();
      const characters = countCharacters(text);
      if (text === '' || characters > MAX_QUERY_LENGTH) {
        throw new InvalidInputError(
          `"query" has ${characters} characters; allowed are 1 to ${MAX_QUERY_LENGTH}.`,
          'query',
        );
      }
      const type: CatalogType = args.type ?? 'TRACK';
      const query = { text, type, catalog: args.catalog ?? null };
      let problems: CatalogProblem[] = [];
      const page = await connectOffsetPage(args, async (request) => {
        const found = await searchCatalogs(context, { ...query, ...request }, context);
        problems = found.problems;
        return found;
      });
      return { ...page, problems };
    },
  }),
);

builder.queryFields((t) => {
  const byId = (typeName: keyof typeof EXAMPLE_SLUGS) => {
    const slug = EXAMPLE_SLUGS[typeName];
    const description = `Id of the ${typeName.toLowerCase()}: \`${typeName}:demo:${slug}\`, \`demo:${slug}\`, or \`${slug}\` for the default catalog. An id of another type is rejected.`;
    return { id: t.arg.id({ required: true, description }) };
  };
  return {
    track: t.field({
      type: TrackType,
      nullable: true,
      description: 'A track by id; null when its catalog does not have it.',
      args: byId('Track'),
      resolve: (_root, { id }, context) => findItemOfType(context, { id, type: 'TRACK' }, context.signal),
    }),
    album: t.field({
      type: AlbumType,
      nullable: true,
      description: 'An album by id; null when its catalog does not have it.',
      args: byId('Album'),
      resolve: (_root, { id }, context) => findItemOfType(context, { id, type: 'ALBUM' }, context.signal),
    }),
    playlist: t.field({
      type: PlaylistType,
      nullable: true,
      description: 'A playlist by id; null when its catalog does not have it.',
      args: byId('Playlist'),
      resolve: (_root, { id }, context) => findItemOfType(context, { id, type: 'PLAYLIST' }, context.signal),
    }),
    artist: t.field({
      type: ArtistType,
      nullable: true,
      description: 'An artist by id; null when their catalog does not have them.',
      args: byId('Artist'),
      resolve: (_root, { id }, context) => findItemOfType(context, { id, type: 'ARTIST' }, context.signal),
    }),
    show: t.field({
      type: ShowType,
      nullable: true,
      description: 'A show by id; null when its catalog does not have it.',
      args: byId('Show'),
      resolve: (_root, { id }, context) => findItemOfType(context, { id, type: 'SHOW' }, context.signal),
    }),
    episode: t.field({
      type: EpisodeType,
      nullable: true,
      description: 'An episode by id; null when its catalog does not have it.',
      args: byId('Episode'),
      resolve: (_root, { id }, context) => findItemOfType(context, { id, type: 'EPISODE' }, context.signal),
    }),
  };
});

async function resolveItem(context: GraphqlContext, item: string): Promise<CatalogItem | null> {
  try {
    return await findItem(context, { item, type: null }, context.signal);
  } catch (thrown) {
    if (thrown instanceof CatalogItemNotFoundError && !(thrown instanceof CatalogNotSetUpError)) return null;
    throw thrown;
  }
}

builder.queryFields((t) => ({
  resolveItem: t.field({
    type: CatalogItemType,
    nullable: true,
    description: 'The item behind an id, a URI or a link; null when its catalog does not have it.',
    args: { item: t.arg.string({ required: true, description: ABOUT_REFERENCE }) },
    resolve: (_root, { item }, context) => resolveItem(context, item),
  }),
  resolveLink: t.field({
    type: CatalogItemType,
    nullable: true,
    deprecationReason: 'Use resolveItem.',
    description: 'The same as `resolveItem`, under its former name.',
    args: { url: t.arg.string({ required: true, description: 'The `item` of `resolveItem`.' }) },
    resolve: (_root, { url }, context) => resolveItem(context, url),
  }),
}));
