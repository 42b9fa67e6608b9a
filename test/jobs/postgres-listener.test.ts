import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createPostgresListener, type PostgresListener } from '../../src/jobs/postgres-listener.js';
import { createLogger } from '../../src/lib/logger.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { createPostgresProxy } from '../kit/postgres-proxy.js';
import type { TcpProxy } from '../kit/tcp-proxy.js';
import { waitFor } from '../kit/wait-for.js';

const log = createLogger('silent');
let database: TestDatabase;
let proxy: TcpProxy & { url: string };
let sender: pg.Client;
let listener: PostgresListener | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await createPostgresProxy(database.url);
  sender = new pg.Client({ connectionString: database.url });
  await sender.connect();
});

afterEach(() => listener?.close());

afterAll(async () => {
  await proxy.close();
  await sender.end();
  await database.drop();
});

const send = (payload: string) => sender.query('SELECT pg_notify($1, $2)', ['news', payload]);

function listen(messages: string[]): Promise<void> {
  const onMessage = (payload: string) => void messages.push(payload);
  listener = createPostgresListener({ url: proxy.url, channel: 'news', onMessage, log });
  return listener.start();
}

test('what is sent is heard, also after the connection was cut', async () => {
  const messages: string[] = [];
  await listen(messages);
  await send('before');
  await waitFor(() => messages.includes('before'), { what: 'the first message' });

  await proxy.cut();
  await send('meanwhile');
  await proxy.resume();

  await waitFor(
    async () => {
      await send('after');
      return messages.includes('after');
    },
    { what: 'a message after the cut' },
  );
  expect(messages).not.toContain('meanwhile');
});

test('a listener starts without a server and hears it when it comes', async () => {
  const messages: string[] = [];
  await proxy.cut();
  await listen(messages);
  await proxy.resume();
  await waitFor(
    async () => {
      await send('at last');
      return messages.includes('at last');
    },
    { what: 'a message' },
  );
});

test('a listener closes while the server is silent', async () => {
  await listen([]);
  proxy.stall();
  await listener?.close();
  await proxy.resume();
});
