import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseEnv, secretUrlsOf } from '../../src/env.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { createLogger } from '../../src/lib/logger.js';
import { createRedactor } from '../../src/lib/secrets.js';
import { RawClient } from '../kit/raw-websocket.js';
import {
  createPerson,
  PASSWORD,
  REFRESH_SESSION,
  send,
  SIGN_OUT,
  signInAs,
  trySignIn,
} from '../kit/sign-in.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const CONFIGURED = {
  SECRET_KEY: 'k'.repeat(20) + 'secret-of-the-whole-server',
  ADMIN_USERNAME: 'root-admin',
  ADMIN_PASSWORD: 'first-admin-hunter2',
  GOOGLE_CLIENT_ID: 'reprise-at-google',
  GOOGLE_CLIENT_SECRET: 'client-secret-hunter3',
};
const WRONG_PASSWORD = 'wrong-hunter4-password';

/** All that is logged at all, as it is written. */
let logged = '';
let app: TestApp;
let dataDir: string;
const env = parseEnv({ ...CONFIGURED, PUBLIC_URL: 'http://localhost:7171' });
const log = createLogger('trace', createRedactor(secretUrlsOf(env)), {
  write: (line) => void (logged += line),
});

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'reprise-auth-'));
  const { secretKey, signInProviders, firstAdmin } = env;
  app = await startApp({
    env: { authEnabled: true, role: 'api', dataDir, secretKey, signInProviders, firstAdmin },
    overrides: { log },
  });
});
afterAll(async () => {
  await app.stop();
  await rm(dataDir, { recursive: true });
});

const CREATE_SECRETS = graphql(`
  mutation CreateLoggedSecrets {
    createStreamTicket {
      ... on StreamTicket {
        ticket
      }
    }
    createApiKey(input: { name: "logged", scopes: [READ] }) {
      ... on ApiKeyCreated {
        key
      }
    }
  }
`);

async function openStream(token: string, referer: string): Promise<void> {
  const leaving = new AbortController();
  const address = `${app.url}/api/prgs/stream?token=${token}`;
  await fetch(address, { signal: leaving.signal, headers: { referer } });
  leaving.abort();
}

async function openSocket(token: string): Promise<void> {
  const client = await RawClient.open(`${app.url.replace('http', 'ws')}/graphql?token=${token}`);
  client.say({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
  client.socket.send(`{"type":"subscribe","id":"${token}","payload":{"query":"{ ${token} }"}}`);
  await new Promise((resolve) => {
    client.socket.once('message', resolve);
    client.socket.once('close', resolve);
  });
  client.socket.terminate();
}

/** Neither a request line nor a header that Node can read. */
async function sendUnreadable(token: string): Promise<void> {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    `GET /api/prgs/stream?token=${token} HTTP/1.1\r\nAuthorization: Bearer ${token}\r\nbad header\r\n\r\n`,
  );
  await once(socket.resume(), 'close');
}

it('no flow leaves a secret in the log, whatever its level', async () => {
  const user = await createPerson(app);
  const { accessToken, cookie } = await signInAs(app, user);
  await trySignIn(app, { username: user.username, password: WRONG_PASSWORD });
  const refreshed = await send(app, REFRESH_SESSION, { cookie });
  const { data } = await send(app, CREATE_SECRETS, { token: accessToken });
  const ticket = 'ticket' in data.createStreamTicket ? data.createStreamTicket.ticket : '';
  const key = 'key' in data.createApiKey ? data.createApiKey.key : '';
  const cookieValue = cookie.slice(cookie.indexOf('=') + 1);
  const forged = `${accessToken.slice(0, -12)}forgedforged`;

  for (const token of [accessToken, ticket, key, forged]) {
    const page = `${app.url}/page?token=${token}`;
    await openStream(token, page);
    await openSocket(token);
    await sendUnreadable(token);
    await send(app, SIGN_OUT, { token: `${token}x`, cookie: `${cookie}x`, variables: {} });
    await fetch(`${app.url}/api/prgs/list?token=${token}`, { headers: { referer: page, cookie } });
    await fetch(`${app.url}/graphql`, { method: 'POST', body: token, headers: { origin: page } });
  }
  // As a driver or a library would repeat what it was given.
  const headers = { authorization: `Bearer ${key}`, cookie, 'set-cookie': [cookie] };
  const repeated = new Error(`failed: ${Object.values(CONFIGURED).slice(-1).join()} at /x?token=${ticket}`);
  log.error({ err: repeated, headers, input: { password: PASSWORD, accessToken } }, `Bearer ${accessToken}`);
  log.warn(
    { url: `/api/prgs/stream?token=${forged}`, key: CONFIGURED.SECRET_KEY },
    CONFIGURED.ADMIN_PASSWORD,
  );

  expect(logged).toContain('"path":"/api/prgs/stream"');
  expect([ticket, key, cookieValue].every((secret) => secret.length > 20)).toBe(true);
  expect(refreshed.cookie).not.toBe('');
  const { SECRET_KEY, ADMIN_PASSWORD, GOOGLE_CLIENT_SECRET } = CONFIGURED;
  const configured = { SECRET_KEY, ADMIN_PASSWORD, GOOGLE_CLIENT_SECRET };
  const used = { PASSWORD, WRONG_PASSWORD, accessToken, ticket, key, cookieValue, forged };
  const secrets = { ...configured, ...used, refreshed: refreshed.cookie };
  for (const [name, secret] of Object.entries(secrets)) expect(logged.includes(secret), name).toBe(false);
});
