import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The built server as a process of its own, the way people run it, in a directory that goes with it. */
export interface BuiltServer {
  url: string;
  directory: string;
  /** Milliseconds from the process's start to its first answer. */
  startedInMs: number;
  execute<Data>(query: string, variables?: object): Promise<Data>;
  /** Resident memory of the Node process, in bytes. */
  rssBytes(): number;
  stop(options?: { keep?: boolean }): Promise<void>;
}

export async function startBuiltServer(
  env: Record<string, string> = {},
  directory?: string,
): Promise<BuiltServer> {
  const home = directory ?? (await mkdtemp(join(tmpdir(), 'reprise-bench-')));
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, ['dist/main.js'], {
    env: {
      ...process.env,
      PORT: '0',
      HOST: '127.0.0.1',
      DATA_DIR: join(home, 'data'),
      DOWNLOAD_DIR: join(home, 'downloads'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await addressOf(child);
  const execute = async <Data>(query: string, variables: object = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const result = (await response.json()) as { data?: Data; errors?: unknown };
    if (!result.data) throw new Error(JSON.stringify(result.errors));
    return result.data;
  };
  await execute('{ __typename }');
  return {
    url,
    directory: home,
    startedInMs: performance.now() - startedAtMs,
    execute,
    rssBytes: () => rssOf(child.pid ?? 0),
    stop: async ({ keep = false } = {}) => {
      const over = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await over;
      if (!keep) await rm(home, { recursive: true, force: true });
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The server ended with status ${code ?? '?'}.`)));
    if (!child.stdout) return reject(new Error('The server has no output.'));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg, url } = JSON.parse(line) as { msg?: string; url?: string };
      if (msg === 'Reprise is up' && url) resolve(url);
    });
  });
}

function rssOf(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) * 1024;
}
