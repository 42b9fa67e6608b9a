import { graphql } from '../../src/generated/documents/gql.js';
import type { CreateApiKeyInput } from '../../src/generated/documents/graphql.js';
import { requestsTo, type TestApp } from './start-app.js';

export const CREATE_API_KEY = graphql(`
  mutation CreateApiKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      __typename
      ... on ApiKeyCreated {
        key
        apiKey {
          id
          name
          hint
          scopes
          expiresAt
          lastUsedAt
          owner {
            username
          }
        }
      }
      ... on Error {
        code
        message
      }
      ... on InvalidInput {
        field
      }
    }
  }
`);

export const REVOKE_API_KEY = graphql(`
  mutation RevokeApiKey($id: ID!) {
    revokeApiKey(id: $id) {
      __typename
      ... on ApiKeyRevoked {
        id
        name
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const API_KEYS = graphql(`
  query ApiKeys($userId: ID) {
    apiKeys(userId: $userId) {
      id
      name
      lastUsedAt
      owner {
        username
      }
    }
  }
`);

/** Of the user whose token the app's requests carry. */
export async function createKey(
  app: TestApp,
  input: CreateApiKeyInput,
): Promise<{ id: string; key: string }> {
  const { createApiKey } = await app.execute(CREATE_API_KEY, { input });
  if (createApiKey.__typename !== 'ApiKeyCreated') throw new Error(JSON.stringify(createApiKey));
  return { id: createApiKey.apiKey.id, key: createApiKey.key };
}

/** The app as its requests are with this key, over each transport. */
export function withKey(app: TestApp, key: string): TestApp {
  return { ...app, ...requestsTo({ url: app.url, token: key }) };
}
