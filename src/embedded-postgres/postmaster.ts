import { execFile, spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { delay } from '../lib/async.js';
import type { Logger } from '../lib/logger.js';
import { clusterName, type Address } from './address.js';
import { clusterDirectory, type ClusterPlan } from './cluster.js';
import { runAs } from './identity.js';
import { isRunning } from './pid-file.js';

const FAST_STOP_MS = 10_000;
const HARD_STOP_MS = 5_000;
const POLL_MS = 20;
const KEPT_LINES = 10;

export interface Postmaster {
  process: ChildProcess;
  lastOutput(): string;
  hasEnded(): boolean;
}

/** In a process group of its own, so that Ctrl-C reaches only us. */
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
    const isProblem = /^(?:WARNING|PANIC):/.test(line);
    log[isProblem ? 'warn' : 'debug']({ postgres: line }, 'postgres log');
  });
  child.once('error', (error) => lines.push(error.message));
  return {
    process: child,
    lastOutput: () => lines.join('\n'),
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
    // On the command line, by which a later start recognizes the server.
    cluster_name: clusterName(plan.dataDir),
    // A process uses up to thirty; a command, or one that takes over, comes on top.
    max_connections: 200,
    shared_buffers: '64MB',
    max_wal_size: '512MB',
    // Without helpers that only pay on a large machine: three processes less.
    io_method: 'sync',
    jit: 'off',
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

/** False when it is still running. */
export async function stopPostmaster(pid: number, plan: ClusterPlan): Promise<boolean> {
  if (process.platform === 'win32') return stopWithPgCtl(plan);
  for (const [signal, limitMs] of [['SIGINT', FAST_STOP_MS] as const, ['SIGQUIT', HARD_STOP_MS] as const]) {
    signalPostmaster(pid, signal);
    if (await hasEnded(pid, limitMs)) return true;
  }
  return false;
}

/** SIGHUP has it read its files again. SIGINT ends sessions and writes everything. SIGQUIT leaves recovery to the next start. */
export function signalPostmaster(pid: number, signal: 'SIGHUP' | 'SIGINT' | 'SIGQUIT'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Already ended.
  }
}

async function hasEnded(pid: number, limitMs: number): Promise<boolean> {
  const end = Date.now() + limitMs;
  while (isRunning(pid)) {
    if (Date.now() > end) return false;
    await delay(POLL_MS);
  }
  return true;
}

async function stopWithPgCtl({ binaries, dataDir }: ClusterPlan): Promise<boolean> {
  const limitS = String(FAST_STOP_MS / 1000);
  const target = ['-D', clusterDirectory(dataDir), '-m', 'fast', '-w', '-t', limitS];
  return promisify(execFile)(binaries.pgCtl, ['stop', ...target]).then(
    () => true,
    () => false,
  );
}
