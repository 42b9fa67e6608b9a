import type { Server } from 'node:http';
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
