import type { TypedDocumentString } from '../../src/generated/documents/graphql.js';

/** What came back, errors and all. */
export interface Answer<Data> {
  status: number;
  data: Data | null | undefined;
  /** Messages with the places they are about and their codes; empty when all went well. */
  errors: { message: string; path: string | undefined; code: string | undefined }[];
}

type Variables<V> = V extends Record<string, never> ? [] : [V];

/** Runs a document over HTTP and shows what came, for tests of what is refused. */
export async function ask<Data, V>(
  app: { url: string },
  document: TypedDocumentString<Data, V>,
  ...[variables]: Variables<V>
): Promise<Answer<Data>> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
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
