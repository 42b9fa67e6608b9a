import { once } from 'node:events';
import { WebSocket } from 'ws';
import { waitFor } from './wait-for.js';

export const PROTOCOL = 'graphql-transport-ws';

export interface Message {
  type: string;
  id?: string;
  payload?: unknown;
}

/** A client that says exactly what it is told to, and remembers all that it hears. */
export class RawClient {
  readonly heard: Message[] = [];
  closeCode: number | null = null;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.heard.push(JSON.parse(data.toString()) as Message));
    socket.on('close', (code) => (this.closeCode = code));
    socket.on('error', () => undefined);
  }

  static async open(url: string, { protocol = PROTOCOL, headers = {} } = {}): Promise<RawClient> {
    const client = new RawClient(new WebSocket(url, protocol ? [protocol] : [], { headers }));
    await once(client.socket, 'open');
    return client;
  }

  static async ready(url: string, payload?: unknown): Promise<RawClient> {
    const client = await RawClient.open(url);
    client.say({ type: 'connection_init', ...(payload !== undefined && { payload }) });
    await client.hear((message) => message.type === 'connection_ack');
    return client;
  }

  say(message: Message): void {
    this.socket.send(JSON.stringify(message));
  }

  subscribe(id: string, query: string): void {
    this.say({ type: 'subscribe', id, payload: { query } });
  }

  hear(wanted: (message: Message) => boolean): Promise<Message> {
    return waitFor(() => this.heard.find(wanted), { what: `a message among ${JSON.stringify(this.heard)}` });
  }

  of(id: string): Message[] {
    return this.heard.filter((message) => message.id === id);
  }

  closed(): Promise<number> {
    return waitFor(() => this.closeCode, { what: 'the socket to be closed' });
  }
}
