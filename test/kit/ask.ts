import type { TypedDocumentString } from '../../src/generated/documents/graphql.js';
import { bearerOf, type Target } from './tokens.js';

/** The response, including errors. */
export interface Answer<Data> {
  status: number;
  data: Data | null | undefined;
  /** Messages with their paths and codes; empty on success. */
  errors: { message: string; path: string | undefined; code: string | undefined }[];
}

type Variables<V> = V extends Record<string, never> ? [] : [V];

/** Runs a document over HTTP and returns data and errors, for tests of rejections. */
export async function ask<Data, V>(
  app: Target,
  document: TypedDocumentString<Data, V>,
  ...[variables]: Variables<V>
): Promise<Answer<Data>> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearerOf(app) },
    body: JSON.stringify({ query: document.toString(), variables }),
  });
  const { data, errors = [] } = (await response.json()) as {
    data?: Data | null;
    errors?: { message: string; path?: string[]; extensions?: { code?: string } }[];
  };
  return {
    status: response.status,
    data,
    errors: errors.map(({ message, path, extensions }) => ({
      message,
      path: path?.join('.'),
      code: extensions?.code,
    })),
  };
}

/** As `ask`, for a text that differs from call to call; of a subscription, the first event. */
export async function askText(target: Target, query: string, variables: object = {}): Promise<TextAnswer> {
  const response = await fetch(`${target.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: query.startsWith('subscription') ? 'text/event-stream' : 'application/json',
      ...bearerOf(target),
    },
    body: JSON.stringify({ query, variables }),
  });
  const text = await readFirstEvent(response);
  return { errors: [], ...(JSON.parse(text) as Partial<TextAnswer>) };
}

/** Or the whole of a response that is no stream. */
async function readFirstEvent({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const [, event] = /^data: (\{.*\})$/m.exec(text) ?? [];
    if (event !== undefined) return event;
  }
  return text;
}

interface TextAnswer {
  data?: Record<string, { code?: string } | null> | null;
  errors: { message: string; extensions?: { code?: string } }[];
}

/** The cursor of an entry of a catalog's list. */
export const cursorAt = (offset: number): string => Buffer.from(`offset:${offset}`).toString('base64url');

/** What was found. A failed search has errors, which `execute` throws. */
export function searchOf<Found>({ search }: { search: Found | null }): Found {
  if (search === null) throw new Error('The search failed without an error.');
  return search;
}
