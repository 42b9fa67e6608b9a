import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { createPerson, send, SIGN_OUT, signInAs } from '../kit/sign-in.js';
import { startApp, type TestApp } from '../kit/start-app.js';

/** Two apps stand for two processes. */
let database: TestDatabase;
let dataDir: string;
let app: TestApp;
let other: TestApp;
let aheadMs = 0;
const clock = { now: () => new Date(Date.now() + aheadMs) };

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'reprise-auth-'));
  const options = {
    database,
    env: { authEnabled: true, dataDir, role: 'api' as const },
    overrides: { clock },
  };
  [app, other] = await Promise.all([startApp(options), startApp(options)]);
});
afterAll(async () => {
  await Promise.all([app.stop(), other.stop()]);
  await database.drop();
  await rm(dataDir, { recursive: true });
});

const CREATE_TICKET = graphql(`
  mutation CreateTestTicket {
    createStreamTicket {
      __typename
      ... on StreamTicket {
        ticket
        expiresAt
      }
      ... on Error {
        code
      }
    }
  }
`);

async function createTicket(token: string): Promise<string> {
  const { data } = await send(app, CREATE_TICKET, { token });
  if (data.createStreamTicket.__typename !== 'StreamTicket') throw new Error(JSON.stringify(data));
  return data.createStreamTicket.ticket;
}

async function signIn() {
  const user = await createPerson(app);
  return { user, token: (await signInAs(app, user)).accessToken };
}

/** As EventSource opens it, with nothing but the address. */
async function openStream(to: { url: string }, token: string, path = '/prgs/stream') {
  const controller = new AbortController();
  const address = `${to.url}/api${path}?token=${encodeURIComponent(token)}`;
  const { status, body } = await fetch(address, { signal: controller.signal });
  const reader = body?.getReader();
  const first = await reader?.read();
  const ended = async () => {
    for (let step = await reader?.read(); step && !step.done; step = await reader?.read());
  };
  return { status, text: Buffer.from(first?.value ?? []).toString(), ended, cut: () => controller.abort() };
}

describe('a stream ticket', () => {
  it('opens one stream, in any process, and never a second', async () => {
    const { token } = await signIn();
    const ticket = await createTicket(token);
    const stream = await openStream(other, ticket);
    expect([stream.status, stream.text]).toEqual([200, expect.stringContaining('"initial":true')]);
    stream.cut();
    for (const to of [app, other]) {
      const { status, text } = await openStream(to, ticket);
      expect([status, text]).toEqual([401, expect.stringContaining('has been used')]);
      expect(text).not.toContain(ticket);
    }
  });

  it('is taken once when many processes are asked at the same time', async () => {
    const ticket = await createTicket((await signIn()).token);
    const streams = await Promise.all(
      Array.from({ length: 10 }, (_, index) => openStream(index % 2 === 0 ? app : other, ticket)),
    );
    streams.forEach(({ cut }) => cut());
    expect(streams.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('is refused after half a minute', async () => {
    const ticket = await createTicket((await signIn()).token);
    aheadMs += 30_000;
    expect((await openStream(app, ticket)).status).toBe(401);
  });

  it('is refused once what it stands for has ended or may do something else', async () => {
    const [leaving, promoted] = [await signIn(), await signIn()];
    const tickets = [await createTicket(leaving.token), await createTicket(promoted.token)];
    await send(other, SIGN_OUT, { token: leaving.token, variables: {} });
    await app.deps.db.user.update({ where: { id: promoted.user.id }, data: { role: 'ADMIN' } });
    for (const ticket of tickets) expect((await openStream(app, ticket)).status).toBe(401);
  });

  it('opens a stream that ends when its user signs out', async () => {
    const { token } = await signIn();
    const stream = await openStream(app, await createTicket(token));
    expect(stream.status).toBe(200);
    await send(other, SIGN_OUT, { token, variables: {} });
    await stream.ended();
  });

  it('is no token anywhere else, and neither is a token in an address', async () => {
    const { token } = await signIn();
    const ticket = await createTicket(token);
    for (const text of [ticket, token]) expect((await openStream(app, text, '/prgs/list')).status).toBe(401);
    const { codes } = await send(app, CREATE_TICKET, { token: ticket });
    expect(codes).toEqual(['UNAUTHENTICATED']);
    // It is still unused.
    const stream = await openStream(app, ticket);
    expect(stream.status).toBe(200);
    stream.cut();
  });

  it('is only for who has signed in', async () => {
    expect((await send(app, CREATE_TICKET)).codes).toEqual(['UNAUTHENTICATED']);
  });
});

it('an event stream takes an access token in its address', async () => {
  const stream = await openStream(app, (await signIn()).token);
  expect(stream.status).toBe(200);
  stream.cut();
});

it('without users there are no tickets', async () => {
  const open = await startApp({ database, env: { authEnabled: false, role: 'api' } });
  const { data } = await send(open, CREATE_TICKET);
  expect(data.createStreamTicket).toEqual({ __typename: 'AuthDisabled', code: 'AUTH_DISABLED' });
  await open.stop();
});
