import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';

/** Where the proxy leads: a TCP address or the path of a Unix socket. */
export type ProxyTarget = { host: string; port: number } | { path: string };

/** A network that a test can break. It listens on the loopback address, always on the same port. */
export interface TcpProxy {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** How many connections go through it now. */
  readonly connections: number;
  /** The server is gone: every connection is reset and new ones are refused, until `resume`. */
  cut(): Promise<void>;
  /** The network is gone without a word: connections stay, new ones are accepted, nothing goes through. */
  stall(): void;
  /** Works again; what was sent during a stall arrives now. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

export async function createTcpProxy(target: ProxyTarget): Promise<TcpProxy> {
  const links = new Set<Link>();
  let stalled = false;
  // Paused until it is linked, so that a stalled connection loses nothing.
  const server = createServer({ pauseOnConnect: true }, (client) => {
    const link = createLink(client, target);
    links.add(link);
    client.once('close', () => links.delete(link));
    if (!stalled) link.flow();
  });
  const port = await listenOnOwnPort(server);

  const cut = async () => {
    stalled = false;
    for (const link of links) link.reset();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };

  const resume = async () => {
    stalled = false;
    if (!server.listening) await listen(server, port);
    for (const link of links) link.flow();
  };

  return {
    host: '127.0.0.1',
    port,
    get connections() {
      return links.size;
    },
    cut,
    stall: () => {
      stalled = true;
      for (const link of links) link.hold();
    },
    resume,
    close: cut,
  };
}

interface Link {
  flow(): void;
  hold(): void;
  reset(): void;
}

function createLink(client: Socket, target: ProxyTarget): Link {
  let server: Socket | null = null;
  let flowing = false;
  const reset = () => {
    client.resetAndDestroy();
    server?.destroy();
  };
  client.on('error', reset).on('close', () => server?.destroy());

  const flow = () => {
    if (flowing) return;
    flowing = true;
    server ??= connect(target as NetConnectOpts)
      .on('error', reset)
      // Only after what it said last, such as why it hung up.
      .on('close', () => client.destroySoon());
    client.pipe(server);
    server.pipe(client);
  };
  const hold = () => {
    flowing = false;
    if (!server) return;
    client.unpipe(server).pause();
    server.unpipe(client).pause();
  };
  return { flow, hold, reset };
}

/**
 * A port that nothing listens on now, and that nothing takes by chance: systems give higher ones to outgoing
 * connections and to servers that ask for any.
 */
export async function findClosedPort(): Promise<number> {
  const server = createServer();
  const port = await listenOnOwnPort(server);
  server.close();
  await once(server, 'close');
  return port;
}

async function listenOnOwnPort(server: Server): Promise<number> {
  for (;;) {
    try {
      return await listen(server, randomInt(20_000, 32_000));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw thrown;
    }
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (!address || typeof address === 'string') throw new Error('A TCP server has a port');
  return address.port;
}
