import { execFile, spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { delay } from '../lib/async.js';
import type { Logger } from '../lib/logger.js';
import { markOf, type Address } from './address.js';
import { clusterDirectory, type ClusterPlan } from './cluster.js';
import { runAs } from './identity.js';
import { isRunning } from './pid-file.js';

const FAST_STOP_MS = 10_000;
const HARD_STOP_MS = 5_000;
const POLL_MS = 20;
/** How much of PostgreSQL's last words goes into an error. */
const KEPT_LINES = 10;

/** A server that we started and that may still be starting. */
export interface Postmaster {
  process: ChildProcess;
  /** The last lines it wrote. */
  lastWords(): string;
  hasEnded(): boolean;
}

/** Starts the server in a process group of its own, so that Ctrl-C in a terminal reaches only us. */
export function spawnPostmaster(plan: ClusterPlan, address: Address, log: Logger): Postmaster {
  const { directory, options } = runAs(plan.identity, clusterDirectory(plan.dataDir));
  const settings = Object.entries(settingsFor(plan, address)).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const child = spawn(plan.binaries.postgres, ['-D', directory, ...settings], {
    ...options,
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.unref();
  (child.stderr as Socket).unref();
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    const isOdd = /^(?:WARNING|PANIC):/.test(line);
    log[isOdd ? 'warn' : 'debug']({ postgres: line }, 'database log');
  });
  child.once('error', (error) => lines.push(error.message));
  return {
    process: child,
    lastWords: () => lines.join('\n'),
    hasEnded: () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null,
  };
}

function settingsFor(plan: ClusterPlan, { host, port, password }: Address): Record<string, string | number> {
  const listen =
    password === null
      ? { listen_addresses: '', unix_socket_directories: host, unix_socket_permissions: '0700' }
      : { listen_addresses: host, unix_socket_directories: '' };
  return {
    ...listen,
    port,
    // Seen on the command line, where a later start recognises the server by it.
    cluster_name: markOf(plan.dataDir),
    max_connections: 100,
    shared_buffers: '64MB',
    max_wal_size: '512MB',
    // No helpers that only pay on a large machine: three processes less.
    io_method: 'sync',
    jit: 'off',
    // What was acknowledged is on disk.
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_destination: 'stderr',
    logging_collector: 'off',
    log_line_prefix: '',
  };
}

/** Asks a server to stop, harder when it does not, and waits until it has; false when it never did. */
export async function stopPostmaster(pid: number, plan: ClusterPlan): Promise<boolean> {
  if (process.platform === 'win32') return stopWithPgCtl(plan);
  for (const [signal, boundMs] of [['SIGINT', FAST_STOP_MS] as const, ['SIGQUIT', HARD_STOP_MS] as const]) {
    signalPostmaster(pid, signal);
    if (await hasEnded(pid, boundMs)) return true;
  }
  return false;
}

/** SIGINT is a fast stop: sessions are cut, everything is written. SIGQUIT leaves a recovery to the next start. */
export function signalPostmaster(pid: number, signal: 'SIGINT' | 'SIGQUIT'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

async function hasEnded(pid: number, boundMs: number): Promise<boolean> {
  const end = Date.now() + boundMs;
  while (isRunning(pid)) {
    if (Date.now() > end) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** Windows has no signals: PostgreSQL brings a program that talks to it instead. */
async function stopWithPgCtl({ binaries, dataDir }: ClusterPlan): Promise<boolean> {
  const bound = String(FAST_STOP_MS / 1000);
  const target = ['-D', clusterDirectory(dataDir), '-m', 'fast', '-w', '-t', bound];
  return promisify(execFile)(binaries.pgCtl, ['stop', ...target]).then(
    () => true,
    () => false,
  );
}
