import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, systemCodeOf } from '../lib/errors.js';

/** The server cannot listen where it was told to; the message is one line for the owner. */
export class ListenError extends Error {
  constructor(message: string, options: { cause: unknown }) {
    super(message, options);
    this.name = 'ListenError';
  }
}

const REASONS: Record<string, string> = {
  EADDRINUSE: 'another program uses it; stop that one, or set PORT to another',
  EACCES: 'not permitted; set PORT to one above 1023',
  EADDRNOTAVAIL: 'this machine has no such address; set HOST to one that it has',
  ENOTFOUND: 'there is no such host; set HOST to an address of this machine',
};

/** Resolves with where the server listens; port 0 is any free one. */
export function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => {
      const reason = REASONS[systemCodeOf(error) ?? ''] ?? messageOf(error);
      reject(new ListenError(`Cannot listen on ${host} port ${port}: ${reason}.`, { cause: error }));
    };
    server.once('error', onError);
    server.listen({ host, port }, () => {
      server.off('error', onError);
      resolve(server.address() as AddressInfo);
    });
  });
}
