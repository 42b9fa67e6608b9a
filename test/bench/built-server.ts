import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch } from './child-process.js';

/** The built server as a process of its own, the way people run it, in a directory that goes with it. */
export interface BuiltServer {
  url: string;
  directory: string;
  /** Milliseconds from the process's start to its first answer. */
  startedInMs: number;
  execute<Data>(query: string, variables?: object): Promise<Data>;
  /** Resident memory of the Node process, in bytes. */
  rssBytes(): number;
  /** Time that it has had of a processor, in milliseconds. */
  cpuMs(): number;
  /** Whether it still runs. */
  alive(): boolean;
  stop(options?: { keep?: boolean; signal?: NodeJS.Signals }): Promise<void>;
}

interface Where {
  /** Of an earlier server; default is a new one. */
  directory?: string;
  /** What `node` runs. */
  script?: string[];
}

export async function startBuiltServer(
  env: Record<string, string> = {},
  { directory, script = ['dist/main.js'] }: Where = {},
): Promise<BuiltServer> {
  const home = directory ?? (await mkdtemp(join(tmpdir(), 'reprise-bench-')));
  const startedAtMs = performance.now();
  const { process, ready: url } = await launch({
    args: script,
    env: {
      PORT: '0',
      HOST: '127.0.0.1',
      CATALOG: 'demo',
      DATA_DIR: join(home, 'data'),
      DOWNLOAD_DIR: join(home, 'downloads'),
      ...env,
    },
    ready: addressIn,
  });
  const execute = <Data>(query: string, variables: object = {}) => ask<Data>(url, query, variables);
  // A worker serves nobody.
  if (url) await execute('{ __typename }');
  return {
    url,
    directory: home,
    startedInMs: performance.now() - startedAtMs,
    execute,
    rssBytes: process.rssBytes,
    cpuMs: process.cpuMs,
    alive: process.alive,
    stop: async ({ keep = false, signal = 'SIGTERM' } = {}) => {
      await process.stop(signal);
      if (!keep) await rm(home, { recursive: true, force: true });
    },
  };
}

async function ask<Data>(url: string, query: string, variables: object): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const result = (await response.json()) as { data?: Data; errors?: unknown };
  if (!result.data) throw new Error(JSON.stringify(result.errors));
  return result.data;
}

/** The address in the log line that says that the server is up; empty for a worker. */
function addressIn(line: string): string | undefined {
  const { msg, url = '' } = JSON.parse(line) as { msg?: string; url?: string };
  return msg === 'Reprise is up' ? url : undefined;
}
