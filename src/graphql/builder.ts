import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import ErrorsPlugin from '@pothos/plugin-errors';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import type PrismaTypes from '../generated/pothos.js';
import { getDatamodel } from '../generated/pothos.js';
import type { GraphqlContext } from '../context.js';
import { complexityLimit } from './complexity.js';
import { decodeNodeId, encodeNodeId } from './node-id.js';

interface Types {
  Context: GraphqlContext;
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    BigInt: { Input: bigint; Output: bigint | number };
  };
}

/** The one schema builder; every `*.graphql.ts` adds to it. */
export const builder = new SchemaBuilder<Types>({
  plugins: [ErrorsPlugin, ComplexityPlugin, RelayPlugin, PrismaPlugin],
  defaultFieldNullability: false,
  complexity: complexityLimit,
  // No defaultTypes: an error is a union member only where a field names it.
  errors: { directResult: true },
  prisma: { client: (context) => context.db, dmmf: getDatamodel(), onUnusedQuery: null },
  relay: {
    clientMutationId: 'omit',
    cursorType: 'String',
    encodeGlobalID: (typename, id) => encodeNodeId(typename, String(id)),
    decodeGlobalID: decodeNodeId,
    nodeTypeOptions: { description: 'Anything with an id that stays the same and can be asked for by it.' },
    nodeQueryOptions: {
      args: { id: { description: '`<Type>:<id>`, as every object says it.' } },
      description: 'Any object by its id; null when there is none that you may see.',
    },
    nodesQueryOptions: false,
    idFieldOptions: {
      description: 'Readable and stable: `<Type>:<id>`, for example `Track:demo:night-ferry-1-03`.',
    },
    pageInfoTypeOptions: { description: 'Where a page lies in its list.' },
    hasNextPageFieldOptions: { description: 'Whether more entries follow this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether entries come before this page.' },
    startCursorFieldOptions: { description: 'The first entry’s cursor; null on an empty page.' },
    endCursorFieldOptions: {
      description: 'The last entry’s cursor: give it as `after` to get the next page.',
    },
  },
});

builder.queryType({ description: 'Everything that can be read. Reading changes nothing.' });
builder.mutationType({
  description:
    'Everything that can be changed. Outcomes that a caller can act on are members of the result’s union; they all implement `Error`.',
});
builder.subscriptionType({
  description: 'Everything that can be watched as it happens, over WebSocket (graphql-ws).',
});
