import { Socket } from 'node:net';
import { Client } from 'pg';
import { createDeferred, delay } from '../lib/async.js';
import { messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';

/** A connection that was cut without a word is noticed after this time, in milliseconds. */
const HEARTBEAT_MS = 10_000;
const QUERY_LIMIT_MS = 3_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

export interface PostgresListenerOptions {
  url: string;
  channel: string;
  onMessage: (payload: string) => void;
  log: Logger;
}

/** Listens on a channel, on a connection of its own, and connects again whenever that is lost. */
export interface PostgresListener {
  /** Resolves when the first attempt has succeeded or failed. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export function createPostgresListener(options: PostgresListenerOptions): PostgresListener {
  const closing = new AbortController();
  const attempted = createDeferred<void>();
  let loop: Promise<void> = Promise.resolve();

  const keepListening = async () => {
    let pauseMs = FIRST_PAUSE_MS;
    while (!closing.signal.aborted) {
      const listened = await listenOnce(options, closing.signal, () => attempted.resolve());
      attempted.resolve();
      pauseMs = listened ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      await delay(pauseMs, closing.signal).catch(() => undefined);
    }
  };

  return {
    start() {
      loop = keepListening();
      return attempted.promise;
    },
    async close() {
      closing.abort();
      await loop;
    },
  };
}

/** Listens until the connection ends or `signal` aborts. Returns whether it came to listen at all. */
async function listenOnce(
  options: PostgresListenerOptions,
  signal: AbortSignal,
  onListening: () => void,
): Promise<boolean> {
  const { channel, log } = options;
  const { client, socket, over } = createClient(options);
  const abort = () => socket.destroy();
  signal.addEventListener('abort', abort);
  let listening = false;
  let heartbeat: NodeJS.Timeout | undefined;
  try {
    await client.connect();
    await client.query(`LISTEN "${channel}"`);
    listening = true;
    onListening();
    heartbeat = setInterval(() => void client.query('SELECT 1').catch(abort), HEARTBEAT_MS);
    await over;
  } catch (thrown) {
    log.debug({ channel, reason: messageOf(thrown) }, 'Cannot listen for notifications');
  } finally {
    clearInterval(heartbeat);
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
  return listening;
}

function createClient({ url, onMessage }: PostgresListenerOptions) {
  // Our own socket, because `client.end()` waits for a server that may never answer.
  const socket = new Socket();
  const client = new Client({
    connectionString: url,
    stream: () => socket,
    application_name: 'reprise jobs',
    connectionTimeoutMillis: QUERY_LIMIT_MS,
    query_timeout: QUERY_LIMIT_MS,
    keepAlive: true,
  });
  client.on('error', () => undefined);
  client.on('notification', ({ payload }) => onMessage(payload ?? ''));
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return { client, socket, over };
}
