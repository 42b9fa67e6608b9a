import { randomUUID } from 'node:crypto';
import { hashPassword } from '../../src/auth/passwords.js';
import { usernameKeyOf, type User } from '../../src/auth/user-store.js';
import { graphql } from '../../src/generated/documents/gql.js';
import type { TypedDocumentString } from '../../src/generated/documents/graphql.js';
import type { TestApp } from './start-app.js';

export const SIGN_IN = graphql(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      __typename
      ... on SignedIn {
        accessToken
        expiresAt
        user {
          username
        }
      }
      ... on TooManySignIns {
        retryAfterSeconds
      }
      ... on Error {
        message
        code
      }
    }
  }
`);

export const REFRESH_SESSION = graphql(`
  mutation RefreshSession {
    refreshSession {
      __typename
      ... on SignedIn {
        accessToken
        user {
          username
        }
      }
      ... on Error {
        message
        code
      }
    }
  }
`);

export const SIGN_OUT = graphql(`
  mutation SignOut($everywhere: Boolean) {
    signOut(everywhere: $everywhere) {
      sessions
    }
  }
`);

export const WHO = graphql(`
  query Who {
    viewer {
      username
      role
    }
  }
`);

export const PASSWORD = 'correct horse battery staple';

let hashed: Promise<string> | undefined;

/** A user of the database who signs in by PASSWORD, or by providers only. */
export async function createPerson(
  { deps }: Pick<TestApp, 'deps'>,
  { hasPassword = true, ...user }: { hasPassword?: boolean; role?: User['role'] } = {},
): Promise<User> {
  hashed ??= hashPassword(PASSWORD);
  const username = `Person-${randomUUID()}`;
  const passwordHash = hasPassword ? await hashed : null;
  return deps.db.user.create({
    data: { ...user, username, usernameKey: usernameKeyOf(username), passwordHash },
  });
}

interface Credentials {
  token?: string | undefined;
  /** A Cookie header. */
  cookie?: string | null | undefined;
  /** Where the request seems to come from, to an app that trusts this machine's proxies. */
  from?: string;
}

interface Sent<Data> {
  status: number;
  data: Data;
  codes: (string | undefined)[];
  /** Set-Cookie headers. */
  setCookies: string[];
  /** A Cookie header with them. */
  cookie: string;
}

/** Runs a document as a browser or script would that holds these. */
export async function send<Data, V>(
  app: { url: string },
  document: TypedDocumentString<Data, V>,
  { token, cookie, from, variables }: Credentials & { variables?: V } = {},
): Promise<Sent<Data>> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(cookie && { cookie }),
      ...(from !== undefined && { 'x-forwarded-for': from }),
    },
    body: JSON.stringify({ query: document.toString(), variables }),
  });
  const { data, errors = [] } = (await response.json()) as {
    data: Data;
    errors?: { extensions?: { code?: string } }[];
  };
  const setCookies = response.headers.getSetCookie();
  return {
    status: response.status,
    data,
    codes: errors.map(({ extensions }) => extensions?.code),
    setCookies,
    cookie: setCookies.map((each) => each.split(';', 1)[0]).join('; '),
  };
}

interface Attempt {
  username: string;
  password?: string;
  kind?: 'REFRESHABLE' | 'SINGLE';
  from?: string;
}

export async function trySignIn(
  app: { url: string },
  { username, password = PASSWORD, kind = 'REFRESHABLE', from }: Attempt,
) {
  const variables = { input: { username, password, kind } };
  const sent = await send(app, SIGN_IN, { variables, ...(from !== undefined && { from }) });
  return { ...sent, result: sent.data.signIn };
}

export async function signInAs(app: { url: string }, { username }: { username: string }) {
  const { result, ...sent } = await trySignIn(app, { username });
  if (result.__typename !== 'SignedIn') throw new Error(JSON.stringify(result));
  return { ...sent, ...result };
}

/** The username of whoever the credentials are of; null for nobody. */
export async function whoIs(app: { url: string }, credentials: Credentials): Promise<string | null> {
  const { data } = await send(app, WHO, credentials);
  return data.viewer?.username ?? null;
}
