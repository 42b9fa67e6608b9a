import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onLine, spawnProgram } from './child-programs.js';
import { requestsTo, TEST_CATALOG, type TestApp } from './start-app.js';
import { waitFor } from './wait-for.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** A first start makes a database, and the machine may be busy. */
const START_MS = 60_000;

export interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The program as people run it, in a process that a test may kill. */
export interface ServerProcess extends Pick<TestApp, 'url' | 'execute' | 'subscribe'> {
  pid: number;
  /** Sends the signal and waits for the exit. Does nothing when it has exited. */
  end(signal: NodeJS.Signals): Promise<Ended>;
  ended: Promise<Ended>;
}

/** Starts the program and lets it run to its end, for starts that fail. */
export function runServer(
  env: Record<string, string>,
  args: string[] = [],
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawnProgram('server', args, {
    cwd: ROOT,
    env: { ...withoutOurs(), ...TEST_CATALOG, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([status, signal]) => {
    return { status: status as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
  });
  return { child, ended };
}

/** The environment of the test run must not reach the server. */
function withoutOurs(): NodeJS.ProcessEnv {
  const ours = ['DATABASE_URL', 'MONGODB_URL', 'NODE_OPTIONS'];
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.includes(name)));
}

/** Resolves when the server is up. */
export async function startServer(env: Record<string, string>): Promise<ServerProcess> {
  const { child, ended } = runServer(env);
  const url = await urlOf(child, ended);
  const { execute, subscribe } = requestsTo({ url });
  return {
    url,
    pid: child.pid ?? 0,
    ended,
    execute,
    subscribe,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

async function urlOf(child: ChildProcess, ended: Promise<Ended>): Promise<string> {
  let url: string | undefined;
  let early: Ended | undefined;
  void ended.then((result) => (early = result));
  onLine(child, (line) => {
    const said = JSON.parse(line) as { msg?: string; url?: string };
    if (said.msg === 'Reprise is up') url = said.url;
  });
  await waitFor(() => url ?? early, { timeoutMs: START_MS, what: 'the server to be up' });
  if (!url) throw new Error(`The server ended: ${JSON.stringify(early)}`);
  return url;
}
