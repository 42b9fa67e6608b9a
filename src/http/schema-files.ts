import { isAbstractType, lexicographicSortSchema, printSchema, type GraphQLSchema } from 'graphql';
import { createAsset, type Asset } from '../lib/asset.js';
import type { HttpHandler } from './request-context.js';
import { sendAsset } from './send.js';

/** What client tools read in place of introspection. */
export function schemaFiles(schema: GraphQLSchema): Record<string, HttpHandler> {
  return {
    '/schema.graphql': file('text/plain; charset=utf-8', () => printSortedSchema(schema)),
    '/possible-types.json': file('application/json; charset=utf-8', () =>
      JSON.stringify(possibleTypesOf(schema), null, 2),
    ),
  };
}

export function printSortedSchema(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}

/** As Apollo Client's cache takes it. */
function possibleTypesOf(schema: GraphQLSchema): Record<string, string[]> {
  const sorted = lexicographicSortSchema(schema);
  const types = Object.values(sorted.getTypeMap()).filter(isAbstractType);
  return Object.fromEntries(
    types.map((type) => [type.name, sorted.getPossibleTypes(type).map(({ name }) => name)]),
  );
}

function file(type: string, print: () => string): HttpHandler {
  let made: Promise<Asset> | null = null;
  return async ({ outgoing }) => {
    made ??= createAsset(type, print());
    sendAsset(outgoing, await made);
  };
}
