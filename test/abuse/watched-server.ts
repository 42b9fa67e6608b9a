import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_CATALOG } from '../kit/start-app.js';
import type { Figures, FromServer } from '../fixtures/watched-server.js';
import { spawnProgram } from '../kit/child-programs.js';
import { stretch } from '../kit/wait-for.js';

/** A server in a process of its own, so that its CPU time, memory and event loop are its own. */
export interface WatchedServer {
  url: string;
  /** Since the last call. */
  measure(): Promise<Figures>;
  stop(): Promise<void>;
}

const START_MS = 60_000;

export async function startWatchedServer(env: Record<string, string>): Promise<WatchedServer> {
  const downloadDir = await mkdtemp(join(tmpdir(), 'reprise-abuse-'));
  const child = spawnProgram('watched-server', [], {
    env: {
      PATH: process.env['PATH'],
      ...TEST_CATALOG,
      HOST: '127.0.0.1',
      PORT: '0',
      DOWNLOAD_DIR: downloadDir,
      ...env,
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const told = await nextMessage(child);
  if (!('url' in told)) throw new Error(`The server began with ${JSON.stringify(told)}`);
  return {
    url: told.url,
    measure: async () => {
      const answer = nextMessage(child);
      child.send('measure');
      const figures = await answer;
      if ('url' in figures) throw new Error('The server told its address twice.');
      return figures;
    },
    stop: async () => {
      const exited = once(child, 'exit');
      if (child.kill('SIGKILL')) await exited;
      await rm(downloadDir, { recursive: true, force: true });
    },
  };
}

async function nextMessage(child: ChildProcess): Promise<FromServer> {
  const signal = AbortSignal.timeout(Math.round(stretch(START_MS)));
  const [message] = (await once(child, 'message', { signal })) as [FromServer];
  return message;
}

/** What a GraphQL request answered, errors by their codes. */
export interface GraphqlAnswer {
  data: Record<string, unknown> | null;
  codes: string[];
}

export async function postQuery(
  url: string,
  query: string,
  variables: Record<string, string> = {},
): Promise<GraphqlAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data = null, errors = [] } = (await response.json()) as {
    data?: Record<string, unknown> | null;
    errors?: { extensions?: { code?: string } }[];
  };
  return { data, codes: errors.map(({ extensions }) => extensions?.code ?? 'none') };
}

export const aliased = (count: number, field: string): string =>
  `{ ${Array.from({ length: count }, (_, n) => `a${n}: ${field}`).join(' ')} }`;
