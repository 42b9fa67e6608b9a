import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTcpProxy, type TcpProxy } from '../kit/tcp-proxy.js';
import { waitFor } from '../kit/wait-for.js';

describe('the TCP proxy', () => {
  let directory: string;
  let echo: Server;
  let proxy: TcpProxy;
  let accepted: Socket[];
  const sockets: Socket[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'proxy-'));
    accepted = [];
    echo = createServer((socket) => {
      accepted.push(socket);
      socket.on('error', () => undefined).pipe(socket);
    });
    const path = join(directory, 'echo.sock');
    echo.listen(path);
    await once(echo, 'listening');
    proxy = await createTcpProxy({ path });
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await proxy.close();
    echo.close();
    await rm(directory, { recursive: true });
  });

  const open = async () => {
    const socket = connect(proxy.port, proxy.host);
    sockets.push(socket);
    const client = { socket, heard: '', failure: null as NodeJS.ErrnoException | null };
    socket.on('data', (data) => (client.heard += data.toString()));
    socket.on('error', (error) => (client.failure = error));
    await once(socket, 'connect').catch(() => undefined);
    return client;
  };

  const say = async (client: Awaited<ReturnType<typeof open>>, text: string) => {
    client.socket.write(text);
    await waitFor(() => client.heard.endsWith(text), { what: `the echo of ${text}` });
  };

  it('carries data both ways', async () => {
    const client = await open();
    await say(client, 'hello');
    client.socket.end();
    await waitFor(() => proxy.connections === 0, { what: 'the connection to end' });
  });

  it('resets and refuses when cut, and is at the same port when it resumes', async () => {
    const before = await open();
    await say(before, 'before');
    await proxy.cut();
    await waitFor(() => before.failure?.code === 'ECONNRESET', { what: 'a reset' });
    expect((await open()).failure?.code).toBe('ECONNREFUSED');
    await proxy.resume();
    await say(await open(), 'after');
  });

  it('accepts but carries nothing while stalled, and carries it later', async () => {
    const before = await open();
    await say(before, 'before');
    proxy.stall();
    const meanwhile = await open();
    expect(meanwhile.failure).toBeNull();
    before.socket.write('one');
    meanwhile.socket.write('two');
    await waitFor(() => proxy.connections === 2, { what: 'both connections' });
    // Many rounds past the proxy, in the same process: time enough for what it might have let through.
    const direct = connect(join(directory, 'echo.sock'));
    sockets.push(direct);
    for (let round = 0; round < 20; round += 1) {
      direct.write('round');
      await once(direct, 'data');
    }
    expect([before.heard, meanwhile.heard, accepted.length]).toEqual(['before', '', 2]);
    await proxy.resume();
    await waitFor(() => before.heard === 'beforeone' && meanwhile.heard === 'two', { what: 'both echoes' });
  });

  it('closes while stalled', async () => {
    proxy.stall();
    const client = await open();
    await waitFor(() => proxy.connections === 1, { what: 'the connection' });
    await proxy.close();
    await waitFor(() => client.failure?.code === 'ECONNRESET', { what: 'a reset' });
    expect(proxy.connections).toBe(0);
  });
});
