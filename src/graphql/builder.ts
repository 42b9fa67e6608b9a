import SchemaBuilder, { type InputRef, type OutputRef } from '@pothos/core';
import ComplexityPlugin, { type ComplexityErrorFn } from '@pothos/plugin-complexity';
import ErrorsPlugin from '@pothos/plugin-errors';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import SubGraphPlugin from '@pothos/plugin-sub-graph';
import type { z } from 'zod';
import type PrismaTypes from '../generated/pothos.js';
import { getDatamodel } from '../generated/pothos.js';
import type { GraphqlContext, Permissions } from '../context.js';
import { getOrAdd } from '../lib/get-or-add.js';
import { textsOf } from '../lib/named-enum.js';
import { limitExceeded, MAX_COMPLEXITY } from './limits.js';
import { decodeNodeId, encodeNodeId, loadNodes, MAX_IDS } from './node-id.js';

const complexityError: ComplexityErrorFn = (kind, result) =>
  limitExceeded(
    `The ${kind.toLowerCase()} of this operation is ${result.complexity}; at most ${MAX_COMPLEXITY} is allowed. Request smaller pages.`,
  );

interface Types {
  Context: GraphqlContext;
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  AuthScopes: Permissions;
  SubGraphs: 'public';
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    BigInt: { Input: bigint; Output: bigint | number };
    URL: { Input: string; Output: string };
    PartialDate: { Input: string; Output: string };
  };
}

export const builder = new SchemaBuilder<Types>({
  plugins: [ErrorsPlugin, ComplexityPlugin, RelayPlugin, ScopeAuthPlugin, PrismaPlugin, SubGraphPlugin],
  defaultFieldNullability: false,
  complexity: {
    defaultComplexity: 1,
    // Connections multiply by page size; other lists are short.
    defaultListMultiplier: 1,
    limit: { complexity: MAX_COMPLEXITY },
    complexityError,
  },
  scopeAuth: {
    authScopes: ({ permissions }) => ({ ...permissions }),
    authorizeOnSubscribe: true,
    unauthorizedError: (_parent, context) => context.refusal(),
  },
  subGraphs: { defaultForTypes: ['public'], defaultForFields: ['public'] },
  // No defaultTypes: an error is a union member only where a field names it.
  errors: { directResult: true },
  prisma: { client: (context) => context.db, dmmf: getDatamodel(), onUnusedQuery: null },
  relay: {
    clientMutationId: 'omit',
    cursorType: 'String',
    encodeGlobalID: (typename, id) => encodeNodeId(typename, String(id)),
    decodeGlobalID: decodeNodeId,
    nodeTypeOptions: { description: 'An object with a permanent id that `node` can fetch.' },
    nodeQueryOptions: {
      args: {
        id: { description: 'Id of the object as its `id` field returns it, for example `Task:5f0c…`.' },
      },
      description: 'Fetches any object by its id. Null when it does not exist or you may not see it.',
    },
    nodesQueryOptions: {
      args: {
        ids: {
          description: `Ids of the objects, as their \`id\` fields return them; at most ${MAX_IDS}.`,
        },
      },
      description:
        'Fetches several objects by their ids. Each is null where `node` returns null or an error.',
      complexity: ({ ids }) => ({ field: 1, multiplier: Math.max(ids.length, 1) }),
      resolve: loadNodes,
    },
    idFieldOptions: {
      description: 'Permanent id of the form `<Type>:<id>`, for example `Album:demo:night-ferry`.',
    },
    pageInfoTypeOptions: { description: 'Position of a page in its list.' },
    hasNextPageFieldOptions: { description: 'Whether more entries follow this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether there are entries before this page.' },
    startCursorFieldOptions: {
      description:
        'Cursor of the first entry, null on an empty page. Pass it as `before` to get the previous page of a list that has `before`.',
    },
    endCursorFieldOptions: {
      description:
        'Cursor of the last entry, null on an empty page. Pass it as `after` to get the next page.',
    },
  },
});

/** For functions that take a field or argument builder. */
export type BuilderTypes = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never;

/** Options of a field that REST documents alone may select. A type that only such fields return is as hidden. */
export const INTERNAL: { subGraphs: [] } = { subGraphs: [] };

builder.queryType({
  description: 'Read operations, none of which changes anything.',
  authScopes: { READ: true },
});
builder.mutationType({
  description:
    'Write operations. Errors that a client can handle are members of the result union and implement `Error`.',
});
builder.subscriptionType({
  authScopes: { READ: true },
  description:
    'Live updates, over WebSocket with the graphql-transport-ws protocol, or as server-sent events with `accept: text/event-stream`.',
});

export type EnumTypeRef<Value = unknown> = OutputRef<Value> & InputRef<Value>;

const refs = new Map<z.ZodEnum, EnumTypeRef>();

function createEnumType(choices: z.ZodEnum): EnumTypeRef {
  const { name, description, values } = textsOf(choices);
  return builder.enumType(name, {
    description,
    values: Object.fromEntries(
      Object.entries(values).map(([value, about]) => [value, { description: about }]),
    ),
  });
}

/** The GraphQL enum of a `namedEnum`, the same one for everyone who uses it. */
export function enumTypeOf<Choices extends z.ZodEnum>(choices: Choices): EnumTypeRef<z.infer<Choices>> {
  return getOrAdd(refs, choices, () => createEnumType(choices)) as EnumTypeRef<z.infer<Choices>>;
}
