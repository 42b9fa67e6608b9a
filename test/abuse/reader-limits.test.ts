import { createClient, type Client } from 'graphql-ws';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';

const PER_ADDRESS = 4;
const PER_VIEWER = 2;
const SUBSCRIPTION = 'subscription { taskUpdates { task { id } } }';

let app: TestApp;
const streams: AbortController[] = [];
const clients: Client[] = [];
afterEach(async () => {
  leaveAll();
  await app?.stop();
});

const start = async (limits: { perAddress?: number; perViewer?: number }) => {
  app = await startApp({
    env: { role: 'api', maxReadersPerAddress: limits.perAddress ?? 100 },
    overrides: limits.perViewer === undefined ? {} : { readers: { perViewer: limits.perViewer } },
  });
};

function leaveAll(): void {
  for (const stream of streams.splice(0)) stream.abort();
  for (const client of clients.splice(0)) void client.dispose();
}

/** The response of an event stream, which stays open until the test ends. */
async function openStream(): Promise<Response> {
  const leaving = new AbortController();
  streams.push(leaving);
  return fetch(`${app.url}/api/prgs/stream`, { signal: leaving.signal });
}

/** The code with which the server closes a socket that subscribes; its status when it refuses the socket. */
async function refusalOfSocket(): Promise<unknown> {
  const client = createClient({
    url: `${app.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    lazy: true,
    retryAttempts: 0,
  });
  clients.push(client);
  const closed = new Promise((resolve) => {
    client.on('closed', (event) => resolve((event as { code?: number }).code));
  });
  client.subscribe(
    { query: SUBSCRIPTION },
    { next: () => undefined, error: () => undefined, complete: () => undefined },
  );
  return closed;
}

/** Opens as many as there may be, and returns how one more is refused. */
async function oneTooMany(limit: number): Promise<Response> {
  const opened = await Promise.all(Array.from({ length: limit }, openStream));
  expect(opened.map(({ status }) => status)).toEqual(opened.map(() => 200));
  return openStream();
}

describe('an event stream beyond the limit', () => {
  it('of an address is refused with 429, until another one has left', async () => {
    await start({ perAddress: PER_ADDRESS });
    const refused = await oneTooMany(PER_ADDRESS);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(await refused.json()).toMatchObject({ error: expect.stringContaining('close') as string });
    leaveAll();
    await waitFor(async () => (await openStream()).status === 200, { what: 'room for another stream' });
  });

  it('of a viewer is refused with 429, and a socket is closed with 4429', async () => {
    await start({ perViewer: PER_VIEWER });
    expect((await oneTooMany(PER_VIEWER)).status).toBe(429);

    expect(await refusalOfSocket()).toBe(4429);
    leaveAll();
    await waitFor(async () => (await openStream()).status === 200, { what: 'room for another stream' });
  });
});
