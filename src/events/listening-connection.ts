import { Socket } from 'node:net';
import { Client } from 'pg';
import { createDeferred, delay } from '../lib/async.js';
import { CHANNEL } from './relay-message.js';

/** All in milliseconds. */
export interface RelayTiming {
  /** Between two questions whether the server still answers. */
  keepaliveEveryMs: number;
  /** How long one answer, or a connection, may take. */
  answerWithinMs: number;
  /** Before the first and, at most, before a later attempt to connect again. */
  firstRetryMs: number;
  lastRetryMs: number;
}

export interface ListeningConnection {
  /** One statement at a time; bounded like every answer. */
  query: (text: string, values: unknown[]) => Promise<void>;
  /** Resolves with the reason once the connection can no longer be used, whoever ended it. */
  lost: Promise<Error>;
  /** Says goodbye, but does not wait long for an answer. Never rejects. */
  close(): Promise<void>;
}

export interface ListeningOptions {
  url: string;
  timing: RelayTiming;
  onNotification: (text: string) => void;
  /** Ends the attempt to connect, at once. */
  signal: AbortSignal;
}

const GOODBYE_MS = 500;

/** Opens a connection of its own and listens on it; from then on a commit's notifications arrive or it is lost. */
export async function openListeningConnection(options: ListeningOptions): Promise<ListeningConnection> {
  const { socket, client } = createClient(options);
  const lost = createDeferred<Error>();
  // An error can come more than once, and one that nobody listens to would end the process.
  client.on('error', (error) => lost.resolve(error));
  client.on('end', () => lost.resolve(new Error('The connection was closed')));
  void lost.promise.then(() => socket.destroy());

  const query = createSerialQuery(client);
  const close = async () => {
    const timer = setTimeout(() => socket.destroy(), GOODBYE_MS);
    await client.end().catch(() => undefined);
    clearTimeout(timer);
  };

  await listen({ client, socket, signal: options.signal });
  void keepAlive(query, options.timing, lost.promise).catch((error: Error) => lost.resolve(error));
  return { query, lost: lost.promise, close };
}

function createClient({ url, timing, onNotification }: ListeningOptions) {
  // Our own socket, because `client.end()` waits for a server that may never answer.
  const socket = new Socket();
  const client = new Client({
    connectionString: url,
    application_name: 'reprise-events',
    stream: () => socket,
    keepAlive: true,
    connectionTimeoutMillis: timing.answerWithinMs,
    query_timeout: timing.answerWithinMs,
  });
  client.on('notification', ({ payload }) => onNotification(payload ?? ''));
  return { socket, client };
}

async function listen({ client, socket, signal }: { client: Client; socket: Socket; signal: AbortSignal }) {
  const abort = () => socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    await client.connect();
    await client.query(`LISTEN ${CHANNEL}`);
    signal.throwIfAborted();
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** pg will refuse a statement while another one runs. */
function createSerialQuery(client: Client): ListeningConnection['query'] {
  let last: Promise<unknown> = Promise.resolve();
  return (text, values) => {
    const next = last.then(() => client.query(text, values));
    last = next.catch(() => undefined);
    return next.then(() => undefined);
  };
}

/**
 * A host that vanished sends no goodbye, and a connection that only listens would wait for it for ever.
 * Rejects when an answer does not come; ends when the connection is lost for another reason.
 */
async function keepAlive(query: ListeningConnection['query'], timing: RelayTiming, lost: Promise<Error>) {
  const ended = new AbortController();
  void lost.then(() => ended.abort());
  while (!ended.signal.aborted) {
    await delay(timing.keepaliveEveryMs, ended.signal);
    await query('SELECT 1', []);
  }
}
