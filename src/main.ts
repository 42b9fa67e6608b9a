#!/usr/bin/env node
import { readFileSync } from 'node:fs';

/**
 * From the first instruction on, before the rest is loaded: without a handler a signal would leave PostgreSQL behind,
 * and be ignored where this is process 1. A second one stops at once: expired leases put running tasks back into the
 * queue.
 */
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort(signal);
  });
}

/** Loading the program opens its files at once, and then each client is one. */
const OPEN_FILES_NEEDED = 512;
const openFiles = findOpenFilesLimit();
if (openFiles < OPEN_FILES_NEEDED) {
  process.stderr.write(
    `Reprise may have ${openFiles} files open, and needs ${OPEN_FILES_NEEDED} or more: raise the limit ("ulimit -n 4096", "LimitNOFILE=4096" of systemd, "--ulimit nofile=4096" of Docker).\n`,
  );
  process.exit(78);
}

const { start } = await import('./start.js');
start(stop.signal);

/** Only Linux says. */
function findOpenFilesLimit(): number {
  try {
    const found = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return found ? Number(found[1]) : Infinity;
  } catch {
    return Infinity;
  }
}
