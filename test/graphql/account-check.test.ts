import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type { AccountSecretsInput } from '../../src/generated/documents/graphql.js';
import { createLogger } from '../../src/lib/logger.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { findClosedPort } from '../kit/tcp-proxy.js';
import { stretch } from '../kit/wait-for.js';

const CHECK = graphql(`
  mutation CheckAccount($id: ID!) {
    checkAccount(id: $id) {
      __typename
      ... on AccountCheck {
        status
        message
        account {
          name
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const ADD = graphql(`
  mutation AddAccountToCheck($input: CreateAccountInput!, $app: SpotifyAppInput!) {
    createAccount(input: $input) {
      __typename
    }
    setSpotifyApp(input: $app) {
      ... on SpotifyAppUpdated {
        account {
          id
        }
      }
    }
  }
`);

const SECRETS = { clientId: 'id:5f1c0e2b7d9a4e33', clientSecret: 'secret-0b7e94d2c6a15f38' };
const CREDENTIALS = Buffer.from('id%3A5f1c0e2b7d9a4e33:secret-0b7e94d2c6a15f38').toString('base64');
const ARL = 'arl-9c41d07be52f8a6390c7';
/** What the service sends must not reach anyone. */
const TOKEN = 'token-of-the-service-77aa';

interface Asked {
  method: string | undefined;
  url: string | undefined;
  authorization: string | undefined;
  body: string;
}

let app: TestApp;
let log = '';
let sent = '';
const asked: Asked[] = [];
let answer: (response: ServerResponse) => void;
const server = createServer((request, response) => void receive(request, response));

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const { method, url, headers } = request;
  asked.push({ method, url, authorization: headers.authorization, body });
  answer(response);
}

const respond = (status: number, body: string, headers: Record<string, string> = {}) => {
  answer = (response) => void response.writeHead(status, headers).end(body);
};

/** All but two of the answers come in time. */
const CHECK_MS = Math.round(stretch(1_000));

async function start(spotifyAccountsUrl: string): Promise<TestApp> {
  const logger = createLogger('trace', (text) => text, { write: (line) => void (log += line) });
  return startApp({
    env: { role: 'api', spotifyAccountsUrl },
    overrides: { log: logger, timing: { accountCheckMs: CHECK_MS } },
  });
}

/** Adds an account, and returns the id of the Spotify app. */
async function add(target: TestApp, service: string, name: string, secrets: AccountSecretsInput) {
  const { setSpotifyApp } = await target.execute(ADD, { input: { service, name, secrets }, app: SECRETS });
  return 'account' in setSpotifyApp ? setSpotifyApp.account.id : '';
}

async function check(id: string, target = app) {
  const { checkAccount } = await target.execute(CHECK, { id });
  sent += JSON.stringify(checkAccount);
  if (checkAccount.__typename !== 'AccountCheck') throw new Error(checkAccount.message);
  const { status, message } = checkAccount;
  return { status, message };
}

let appId = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  app = await start(`http://127.0.0.1:${(server.address() as AddressInfo).port}/below`);
  appId = await add(app, 'spotify', 'main', SECRETS);
});
afterAll(async () => {
  await app.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('a check of an account of Spotify', () => {
  it('asks for a token, as RFC 6749 says', async () => {
    respond(200, JSON.stringify({ access_token: TOKEN, token_type: 'Bearer', expires_in: 3_600 }));
    for (const id of ['spotify/main', appId]) {
      asked.length = 0;
      expect(await check(id)).toEqual({
        status: 'VALID',
        message: 'Spotify accepts the client id and secret.',
      });
      expect(asked).toEqual([
        {
          method: 'POST',
          url: '/below/api/token',
          authorization: `Basic ${CREDENTIALS}`,
          body: 'grant_type=client_credentials',
        },
      ]);
    }
  });

  it.each([
    [400, 'invalid_client'],
    [401, 'invalid_client'],
    [400, 'unauthorized_client'],
  ])('says that the secrets were refused: %i %s', async (status, error) => {
    respond(status, JSON.stringify({ error, error_description: `${TOKEN} is wrong` }));
    expect(await check('spotify/main')).toEqual({
      status: 'REFUSED',
      message: 'Spotify does not accept the client id or the client secret.',
    });
  });

  it.each<[string, number, string, Record<string, string>]>([
    ['a broken service', 500, TOKEN, {}],
    ['a limit', 429, '{}', { 'retry-after': '7' }],
    ['a page of a proxy', 200, `<html>${TOKEN}</html>`, {}],
    ['JSON without a token', 200, '{"access_token":7}', {}],
    ['JSON of another form', 200, '[null]', {}],
    ['an empty answer', 204, '', {}],
    ['a login page', 401, '<html>', {}],
    ['another error', 400, '{"error":"invalid_request"}', {}],
    ['a redirect', 302, '', { location: '/elsewhere' }],
  ])('says that nothing is known after %s', async (_what, status, body, headers) => {
    respond(status, body, headers);
    asked.length = 0;
    expect(await check('spotify/main')).toEqual({
      status: 'UNREACHABLE',
      message: `Spotify answered with status ${status}, which says nothing about the secrets; try again later.`,
    });
    expect(asked).toHaveLength(1);
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    ['sends nothing', () => undefined, `did not answer within ${CHECK_MS} ms`],
    ['stops in the middle', (response) => void response.writeHead(200).write('{"access'), 'did not answer'],
    ['hangs up', (response) => void response.destroy(), 'is not reachable'],
    ['never stops sending', (response) => void sendForever(response), 'sent more than'],
  ])('ends in time when the service %s', async (_what, behave, message) => {
    answer = behave;
    expect(await check('spotify/main')).toEqual({
      status: 'UNREACHABLE',
      message: expect.stringContaining(message) as string,
    });
  });

  it('says that the service is down', async () => {
    const port = await findClosedPort();
    const other = await start(`http://127.0.0.1:${port}`);
    try {
      await add(other, 'spotify', 'main', SECRETS);
      expect(await check('spotify/main', other)).toEqual({
        status: 'UNREACHABLE',
        message: expect.stringContaining(`127.0.0.1:${port} is not reachable`) as string,
      });
    } finally {
      await other.stop();
    }
  });
});

describe('secrets that the server does not use', () => {
  it.each<[string, string, AccountSecretsInput, string]>([
    ['deezer', 'session', { arl: ARL }, 'never taken from Deezer, and the arl is never sent anywhere'],
    ['spotify', 'web', { blobContent: `{"credentials":"${ARL}"}` }, 'never taken from Spotify'],
  ])('are not checked, and go nowhere: %s/%s', async (service, name, secrets, message) => {
    await add(app, service, name, secrets);
    asked.length = 0;
    expect(await check(`${service}/${name}`)).toEqual({
      status: 'NOT_CHECKED',
      message: expect.stringContaining(message) as string,
    });
    expect(asked).toEqual([]);
  });
});

it('nothing secret was in a result or a log', () => {
  expect(log).toContain('account checked');
  for (const secret of [SECRETS.clientSecret, ARL, TOKEN, CREDENTIALS]) {
    expect(log + sent).not.toContain(secret);
  }
});

function sendForever(response: ServerResponse): void {
  response.writeHead(200);
  const chunk = 'x'.repeat(16_384);
  const more = () => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}
