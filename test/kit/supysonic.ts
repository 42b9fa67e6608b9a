import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { SubsonicServer } from '../../src/env-subsonic.js';
import { bareFfmpeg, createWorkspace } from './audio.js';
import { makeCover } from './library.js';
import { waitFor } from './wait-for.js';

const run = promisify(execFile);

/** Where Supysonic's programs are, a Subsonic server from PyPI; undefined on a machine without it. */
export const supysonic = [
  process.env['REPRISE_TEST_SUPYSONIC'] ?? '',
  ...(process.env['PATH'] ?? '').split(delimiter),
].find((directory) => directory !== '' && existsSync(join(directory, 'supysonic-server')));

export const REAL_ARTIST = 'Kelp & Lantern';
const LOGIN = { kind: 'password' as const, username: 'tester', password: 'pass & wörd' };

/** Two albums of three and of one track of five seconds, the first with a cover. */
async function makeMusic(root: string): Promise<void> {
  const albums = [
    { album: 'Slow Weather', titles: ['Slow Weather, 1', 'Slow Weather, 2', 'Slow Weather, 3'] },
    { album: 'Buoy', titles: ['Buoy'] },
  ];
  for (const { album, titles } of albums) {
    const folder = join(root, album);
    await mkdir(folder, { recursive: true });
    if (titles.length > 1) await makeCover(join(folder, 'cover.jpg'));
    for (const [at, title] of titles.entries()) {
      const tags = { title, album, artist: REAL_ARTIST, track: `${at + 1}/${titles.length}`, date: '2021' };
      const metadata = Object.entries(tags).flatMap(([name, value]) => ['-metadata', `${name}=${value}`]);
      const input = ['-f', 'lavfi', '-i', `anoisesrc=duration=5:seed=${at + 1}:amplitude=0.2`];
      await bareFfmpeg(...input, ...metadata, join(folder, `${at + 1}.flac`));
    }
  }
}

export interface RealServer {
  server: SubsonicServer;
  stop(): Promise<void>;
}

/** A real server with music of its own, which keeps only digests of passwords: it takes no tokens. */
export async function startSupysonic(): Promise<RealServer> {
  const workspace = await createWorkspace();
  const config = workspace.file('supysonic.conf');
  await makeMusic(workspace.file('music'));
  await writeFile(
    config,
    `[base]\ndatabase_uri = sqlite:///${workspace.file('music.db')}
[webapp]\ncache_dir = ${workspace.file('cache')}\nmount_webui = off
[daemon]\nsocket = ${workspace.file('daemon.sock')}\nrun_watcher = off\n`,
  );
  // It reads the file of that name where it runs.
  const options = { cwd: workspace.path, env: { ...process.env, HOME: workspace.path } };
  const cli = (...args: string[]) => run(join(supysonic ?? '', 'supysonic-cli'), args, options);
  await cli('user', 'add', LOGIN.username, '-p', LOGIN.password);
  await cli('folder', 'add', 'music', workspace.file('music'));
  await cli('folder', 'scan', '--foreground');
  const port = await freePort();
  const args = ['--server', 'waitress', '--host', '127.0.0.1', '--port', String(port)];
  const child = spawn(join(supysonic ?? '', 'supysonic-server'), args, { ...options, stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(() => fetch(`${url}/rest/ping.view`).then(({ ok }) => ok), { what: 'Supysonic to be up' });
  return {
    server: { name: 'subsonic', url, suffix: '', login: LOGIN },
    stop: async () => {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
      await workspace.remove();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
