import type { RawRequest } from '../kit/raw-request.js';
import type { DescribedOperation } from './openapi-description.js';

export const JSON_TYPE = { 'content-type': 'application/json' };

/** Percent-encoded, but for the body. */
export interface Parts {
  path: Record<string, string>;
  query: Record<string, string>;
  body: Record<string, unknown>;
}

/** The documented example, its path and query encoded. */
export function exampleOf({ operation }: DescribedOperation): Parts {
  const parts: Parts = { path: {}, query: {}, body: {} };
  for (const { name, in: place, example } of operation.parameters ?? []) {
    if (example !== undefined) parts[place][name] = encodeURIComponent(String(example));
  }
  const body = operation.requestBody?.content['application/json']?.example ?? {};
  return { ...parts, body: { ...body } };
}

export function toRequest({ path, method }: DescribedOperation, parts: Parts): RawRequest {
  const filled = path.replace(/\{([^}]+)\}/g, (_, name: string) => parts.path[name] ?? '');
  const query = Object.entries(parts.query).map(([name, value]) => `${name}=${value}`);
  const target = `/api${filled}${query.length > 0 ? `?${query.join('&')}` : ''}`;
  if (method === 'get') return { method: 'GET', path: target };
  return { method: method.toUpperCase(), path: target, headers: JSON_TYPE, body: JSON.stringify(parts.body) };
}
