import { isInterfaceType, type GraphQLResolveInfo, type GraphQLSchema } from 'graphql';
import { InvalidInputError, quoteId } from '../lib/errors.js';

export function encodeNodeId(typename: string, id: string): string {
  return typename === '' ? id : `${typename}:${id}`;
}

/**
 * Ids contain colons (`Track:demo:…`): split at the first only. A malformed id has no type: the relay plugin decodes all
 * of a list before any is loaded, where an error would take the others with it.
 */
export function decodeNodeId(nodeId: string): { typename: string; id: string } {
  const colon = nodeId.indexOf(':');
  if (colon < 1) return { typename: '', id: nodeId };
  return { typename: nodeId.slice(0, colon), id: nodeId.slice(colon + 1) };
}

/** Of one list. For `nodes`, each may need a query or a request of its own. */
export const MAX_IDS = 100;

type NodesCall = [
  root: object,
  args: { ids: { typename: string; id: string }[] },
  context: object,
  info: GraphQLResolveInfo,
];

/** By way of `node`, one by one, so that an object that cannot be read leaves the others. */
export function loadNodes(...[root, { ids }, context, info]: NodesCall): Promise<unknown>[] {
  checkIdCount(ids);
  const load = info.schema.getQueryType()?.getFields()['node']?.resolve;
  if (!load) throw new Error('the schema has no field "node"');
  return ids.map(({ typename, id }) =>
    Promise.resolve().then(() => load(root, { id: encodeNodeId(typename, id) }, context, info)),
  );
}

function checkIdCount(ids: readonly unknown[]): void {
  if (ids.length <= MAX_IDS) return;
  throw new InvalidInputError(`"ids" has ${ids.length} ids; at most ${MAX_IDS} are allowed.`, 'ids');
}

/** Without repeats. */
export function parseRowIds(typename: string, ids: readonly string[]): string[] {
  checkIdCount(ids);
  return [...new Set(ids.map((id) => parseRowId(typename, id, 'ids')))];
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** `field`: the argument or input field that has the id. */
export function parseRowId(typename: string, raw: string, field = 'id'): string {
  const bare = raw.startsWith(`${typename}:`) ? raw.slice(typename.length + 1) : raw;
  if (UUID.test(bare)) return bare.toLowerCase();
  const shown = quoteId(raw);
  throw new InvalidInputError(
    `${shown} is not a valid ${typename} id; expected: ${typename}:<uuid> or <uuid>.`,
    field,
  );
}

/** An empty text is refused like any other that is not an id: it must not select everything. */
export function parseOptionalId(
  typename: string,
  raw: string | null | undefined,
  field: string,
): string | null {
  return raw === null || raw === undefined ? null : parseRowId(typename, raw, field);
}

/** Of a node that a server has one of, such as its settings. */
export const SERVER_ID = 'server';

export function parseServerId(typename: string, id: string): void {
  if (id === SERVER_ID) return;
  const shown = quoteId(encodeNodeId(typename, id));
  throw new InvalidInputError(
    `${shown} is not a valid ${typename} id; expected: ${typename}:${SERVER_ID}.`,
    'id',
  );
}

/** The relay plugin reports a type without ids as an error of its own. */
function checkNodeType(id: string, known: readonly string[]): void {
  const { typename } = decodeNodeId(id);
  if (known.includes(typename)) return;
  const shown = quoteId(id);
  throw new InvalidInputError(
    `${shown} is not the id of a node; expected: <Type>:<id> with the type ${known.join(', ')}.`,
    'id',
  );
}

/** The relay plugin's resolver awaits twice in each entry, which took a third of the time of a page. */
export function withPlainIds(schema: GraphQLSchema): GraphQLSchema {
  const node = schema.getType('Node');
  if (!isInterfaceType(node)) throw new Error('the schema has no Node interface');
  const types = schema.getPossibleTypes(node);
  for (const type of types) {
    const { id } = type.getFields();
    if (id) id.resolve = (entry: { id: string }) => encodeNodeId(type.name, entry.id);
  }
  checkNodeArgument(schema, types.map(({ name }) => name).sort());
  return schema;
}

function checkNodeArgument(schema: GraphQLSchema, known: readonly string[]): void {
  const field = schema.getQueryType()?.getFields()['node'];
  const load = field?.resolve;
  if (!field || !load) throw new Error('the schema has no field "node"');
  field.resolve = (...call) => {
    const { id } = call[1] as { id: string };
    checkNodeType(id, known);
    return load(...call);
  };
}
