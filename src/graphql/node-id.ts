import { InvalidInputError } from '../lib/errors.js';

/** `Task:<uuid>`, `Track:demo:…`: readable, and split at the first colon only. */
export function encodeNodeId(typename: string, id: string): string {
  return `${typename}:${id}`;
}

export function decodeNodeId(nodeId: string): { typename: string; id: string } {
  const colon = nodeId.indexOf(':');
  if (colon < 1) {
    throw new InvalidInputError(
      `${JSON.stringify(nodeId.slice(0, 100))} is no id; allowed: <Type>:<id>.`,
      'id',
    );
  }
  return { typename: nodeId.slice(0, colon), id: nodeId.slice(colon + 1) };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** An argument that names a row of ours: `Task:<uuid>` or the bare uuid. Throws InvalidInputError for others. */
export function parseRowId(typename: string, raw: string): string {
  const bare = raw.startsWith(`${typename}:`) ? raw.slice(typename.length + 1) : raw;
  if (UUID.test(bare)) return bare.toLowerCase();
  const shown = JSON.stringify(raw.slice(0, 100));
  throw new InvalidInputError(`${shown} is no ${typename} id; allowed: ${typename}:<uuid> or <uuid>.`, 'id');
}
