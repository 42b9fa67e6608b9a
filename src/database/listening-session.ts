import { Socket } from 'node:net';
import pg from 'pg';
import { createDeferred, delay } from '../lib/async.js';

/** One connection that listens on one channel, until it is lost; listening-connection.ts replaces it then. */
export interface ListeningSession {
  /** Sends to all who listen on the channel, this session included. */
  notify(text: string): Promise<void>;
  /** Resolves with the reason once the connection can no longer be used, whoever ended it. */
  lost: Promise<Error>;
}

export interface ListeningSessionOptions {
  url: string;
  channel: string;
  /** What the server calls the connection in `pg_stat_activity`. */
  applicationName: string;
  /** In milliseconds: between two questions whether the server still answers, and how long an answer may take. */
  timing: { keepaliveEveryMs: number; answerWithinMs: number };
  onNotification: (text: string) => void;
  /** Ends the attempt to connect at once, or the connection with a goodbye that is not waited for long. */
  signal: AbortSignal;
}

const GOODBYE_MS = 500;

/** Rejects when it cannot connect; once it resolves, a commit's notifications arrive or the session is lost. */
export async function openListeningSession(options: ListeningSessionOptions): Promise<ListeningSession> {
  const { channel, timing, signal } = options;
  const { socket, client } = createClient(options);
  const lost = createDeferred<Error>();
  let listening = false;
  const end = () => (listening ? sayGoodbye(client, socket) : void socket.destroy());
  signal.addEventListener('abort', end);
  void lost.promise.then(() => {
    signal.removeEventListener('abort', end);
    socket.destroy();
  });
  // An error can come more than once, and one that nobody listens to would end the process.
  client.on('error', (error) => lost.resolve(error));
  client.on('end', () => lost.resolve(new Error('The connection was closed')));

  try {
    signal.throwIfAborted();
    await client.connect();
    await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    listening = true;
  } catch (thrown) {
    lost.resolve(thrown as Error);
    throw thrown;
  }
  const query = createSerialQuery(client);
  keepAlive(query, timing.keepaliveEveryMs, lost.promise).catch((error: Error) => lost.resolve(error));
  return { notify: (text) => query('SELECT pg_notify($1, $2)', [channel, text]), lost: lost.promise };
}

function createClient({ url, applicationName, timing, onNotification }: ListeningSessionOptions) {
  // Our own socket, because `client.end()` waits for a server that may never answer.
  const socket = new Socket();
  const client = new pg.Client({
    connectionString: url,
    application_name: applicationName,
    stream: () => socket,
    keepAlive: true,
    connectionTimeoutMillis: timing.answerWithinMs,
    query_timeout: timing.answerWithinMs,
  });
  client.on('notification', ({ payload }) => onNotification(payload ?? ''));
  return { socket, client };
}

function sayGoodbye(client: pg.Client, socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), GOODBYE_MS);
  void client
    .end()
    .catch(() => undefined)
    .then(() => clearTimeout(timer));
}

type Query = (text: string, values: unknown[]) => Promise<void>;

/** pg will refuse a statement while another one runs. */
function createSerialQuery(client: pg.Client): Query {
  let last: Promise<unknown> = Promise.resolve();
  return (text, values) => {
    const next = last.then(() => client.query(text, values));
    last = next.catch(() => undefined);
    return next.then(() => undefined);
  };
}

/**
 * A host that vanished sends no goodbye, and a connection that only listens would wait for it for ever.
 * Rejects when an answer does not come, or the connection is lost for another reason.
 */
async function keepAlive(query: Query, everyMs: number, lost: Promise<Error>): Promise<never> {
  const ended = new AbortController();
  void lost.then((reason) => ended.abort(reason));
  for (;;) {
    await delay(everyMs, ended.signal);
    await query('SELECT 1', []);
  }
}
