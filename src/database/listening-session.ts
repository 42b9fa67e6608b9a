import { Socket } from 'node:net';
import pg from 'pg';
import { createDeferred, delay } from '../lib/async.js';
import { showAlive } from './session-lock.js';

interface ListeningSession {
  lost: Promise<Error>;
}

interface ListeningSessionOptions {
  url: string;
  channel: string;
  applicationName: string;
  /** Shows by this session that the process lives. */
  instanceId?: string;
  timing: { keepaliveEveryMs: number; answerWithinMs: number };
  onNotification: (text: string) => void;
  /** Ends the attempt to connect at once, or the connection with a goodbye that gets half a second. */
  signal: AbortSignal;
}

const GOODBYE_MS = 500;

/** Once it resolves, a commit's notifications arrive or the session is lost. */
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
  // Errors may come more than once; one without a listener would end the process.
  client.on('error', (error) => lost.resolve(error));
  client.on('end', () => lost.resolve(new Error('the connection was closed')));

  try {
    signal.throwIfAborted();
    await client.connect();
    if (options.instanceId !== undefined) await showAlive(client, options.instanceId);
    await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    listening = true;
  } catch (thrown) {
    lost.resolve(thrown as Error);
    throw thrown;
  }
  keepAlive(client, timing.keepaliveEveryMs, lost.promise).catch((error: Error) => lost.resolve(error));
  return { lost: lost.promise };
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

/** A host that vanished sends no goodbye, and a connection that only listens would wait for ever. */
async function keepAlive(client: pg.Client, everyMs: number, lost: Promise<Error>): Promise<never> {
  const ended = new AbortController();
  void lost.then((reason) => ended.abort(reason));
  for (;;) {
    await delay(everyMs, ended.signal);
    await client.query('SELECT 1');
  }
}
