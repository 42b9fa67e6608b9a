import { isInterfaceType, type GraphQLSchema } from 'graphql';
import { InvalidInputError } from '../lib/errors.js';

/** Ids contain colons (`Track:demo:…`): split at the first only. */
export function encodeNodeId(typename: string, id: string): string {
  return `${typename}:${id}`;
}

export function decodeNodeId(nodeId: string): { typename: string; id: string } {
  const colon = nodeId.indexOf(':');
  if (colon < 1) {
    throw new InvalidInputError(
      `${JSON.stringify(nodeId.slice(0, 100))} is not a valid id; expected: <Type>:<id>.`,
      'id',
    );
  }
  return { typename: nodeId.slice(0, colon), id: nodeId.slice(colon + 1) };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function parseRowId(typename: string, raw: string): string {
  const bare = raw.startsWith(`${typename}:`) ? raw.slice(typename.length + 1) : raw;
  if (UUID.test(bare)) return bare.toLowerCase();
  const shown = JSON.stringify(raw.slice(0, 100));
  throw new InvalidInputError(
    `${shown} is not a valid ${typename} id; expected: ${typename}:<uuid> or <uuid>.`,
    'id',
  );
}

/** Of a node that a server has one of, such as its settings. */
export const SERVER_ID = 'server';

export function parseServerId(typename: string, id: string): void {
  if (id === SERVER_ID) return;
  const shown = JSON.stringify(encodeNodeId(typename, id).slice(0, 100));
  throw new InvalidInputError(
    `${shown} is not a valid ${typename} id; expected: ${typename}:${SERVER_ID}.`,
    'id',
  );
}

/** The relay plugin's resolver awaits twice in each entry, which took a third of the time of a page. */
export function withPlainIds(schema: GraphQLSchema): GraphQLSchema {
  const node = schema.getType('Node');
  if (!isInterfaceType(node)) throw new Error('the schema has no Node interface');
  for (const type of schema.getPossibleTypes(node)) {
    const { id } = type.getFields();
    if (id) id.resolve = (entry: { id: string }) => encodeNodeId(type.name, entry.id);
  }
  return schema;
}
