import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, systemCodeOf } from '../lib/errors.js';

class ListenError extends Error {
  constructor(message: string, options: { cause: unknown }) {
    super(message, options);
    this.name = 'ListenError';
  }
}

const REASONS: Record<string, string> = {
  EADDRINUSE: 'another program uses this port; stop it, or set PORT to another',
  EACCES: 'not permitted; set PORT to a number above 1023',
  EADDRNOTAVAIL: 'this machine does not have that address; set HOST to one that it has',
  ENOTFOUND: 'the host name is unknown; set HOST to an address of this machine',
};

export function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => {
      const reason = REASONS[systemCodeOf(error) ?? ''] ?? messageOf(error);
      reject(new ListenError(`Cannot listen on "${host}" port ${port}: ${reason}.`, { cause: error }));
    };
    server.once('error', onError);
    server.listen({ host, port }, () => {
      server.off('error', onError);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Whether a server could listen there, or one of ours does. Throws when another program does, or nothing can. */
export async function checkPort(host: string, port: number): Promise<'free' | 'ours'> {
  const server = createServer();
  try {
    await listen(server, host, port);
    return 'free';
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'EADDRINUSE' && (await answersAsOurs(host, port))) return 'ours';
    throw thrown;
  } finally {
    server.close();
  }
}

const ANSWER_MS = 2_000;

function answersAsOurs(host: string, port: number): Promise<boolean> {
  const loopback: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  const target = { host: loopback[host] ?? host, port, path: '/healthz', timeout: ANSWER_MS, agent: false };
  return new Promise((resolve) => {
    const request = get(target, (response) => {
      response.resume();
      resolve(response.statusCode === 200 && response.headers['x-request-id'] !== undefined);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
