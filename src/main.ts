#!/usr/bin/env node

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

const { checkRuntime } = await import('./lib/runtime.js');
const problem = checkRuntime().find(({ ok }) => !ok);
if (problem) {
  process.stderr.write(`${problem.message}\n`);
  process.exit(78);
}

process.setSourceMapsEnabled(true);
const { start } = await import('./start.js');
await start(process.argv.slice(2), stop.signal);

export {};
