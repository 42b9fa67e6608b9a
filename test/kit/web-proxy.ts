import { createServer, type RequestListener } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

export interface WebProxy {
  /** For `httpProxy`. */
  url: string;
  /** Hosts with their ports that a tunnel was requested to, in order. */
  tunnels: string[];
  stop(): Promise<void>;
}

/** Stands in for the web: requests by http to any host come to the listener, by a real tunnel, under their own names. */
export async function serveWeb(listener: RequestListener): Promise<WebProxy> {
  const tunnels: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(listener);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    const self = connect((server.address() as AddressInfo).port, '127.0.0.1');
    self.on('error', () => socket.destroy());
    socket.on('error', () => self.destroy()).on('close', () => self.destroy());
    socket.pipe(self).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    stop: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
