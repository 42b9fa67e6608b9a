import type { Platform } from '../platform.js';
import { levelOf } from '../database/outage.js';
import { withTimeout } from '../lib/async.js';
import { renewLeases, type Claim } from '../tasks/task-state-store.js';
import type { TaskRunners } from './claimed-task.js';
import type { Turns } from './turns.js';

interface Lease {
  /** Aborts with a LeaseLostError when work on the task has to stop. */
  signal: AbortSignal;
  release(): void;
}

export interface Leases {
  keep(claim: Claim): Lease;
  stop(): void;
}

export interface QueueDeps {
  /** Leases of the tasks that run in this process. */
  leases: Leases;
  turns: Turns;
  /** Runs the tasks of each kind. */
  runners: TaskRunners;
}

export class LeaseLostError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'LeaseLostError';
  }
}

interface KeptLease {
  controller: AbortController;
  /** By this process's monotonic clock. */
  renewedAtMs: number;
}

/**
 * One statement every `renewMs`, and on an event that a task left RUNNING. Work stops when its lease is lost,
 * or the database was out of reach for so long that another worker may have claimed the task.
 */
export function createLeases(deps: Pick<Platform, 'db' | 'bus' | 'log' | 'timing' | 'instanceId'>): Leases {
  const kept = new Map<string, KeptLease>();
  const abort = (lease: KeptLease | undefined, reason: string) => {
    lease?.controller.abort(new LeaseLostError(reason));
  };

  const renew = async () => {
    // A copy: a later attempt at the same task may begin before the database responds.
    const leases = [...kept];
    if (leases.length === 0) return;
    const ids = leases.map(([id]) => id);
    const terms = { owner: deps.instanceId, durationMs: deps.timing.leaseMs };
    const startedAtMs = performance.now();
    const renewed = new Set(await renewLeases(deps.db, ids, terms));
    for (const [id, lease] of leases) {
      if (renewed.has(id)) lease.renewedAtMs = startedAtMs;
      else abort(lease, 'the task is no longer claimed by this worker');
    }
  };
  const abortExpired = () => {
    const oldestMs = performance.now() - deps.timing.leaseMs;
    for (const lease of kept.values()) if (lease.renewedAtMs < oldestMs) abort(lease, 'the lease expired');
  };
  const timer = setInterval(() => {
    // A network that drops every packet reports no error. A late response still counts.
    withTimeout(renew(), deps.timing.renewMs).catch((thrown: unknown) => {
      deps.log[levelOf(thrown, 'warn')]({ err: thrown }, 'lease renewal failed');
      abortExpired();
    });
  }, deps.timing.renewMs);
  // The event may be older than the claim, so it only triggers a check; the timer repeats a failed one.
  const check = () => void renew().catch(() => undefined);
  const offTask = deps.bus.on('task.changed', ({ taskId, state }) => {
    if (state !== 'RUNNING' && kept.has(taskId)) check();
  });
  const offGap = deps.bus.on('bus.gap', check);

  return {
    keep: (claim) => {
      const lease = { controller: new AbortController(), renewedAtMs: performance.now() };
      abort(kept.get(claim.taskId), 'the next attempt at the task has begun');
      kept.set(claim.taskId, lease);
      check();
      const release = () => {
        if (kept.get(claim.taskId) === lease) kept.delete(claim.taskId);
      };
      return { signal: lease.controller.signal, release };
    },
    stop: () => {
      clearInterval(timer);
      offTask();
      offGap();
    },
  };
}
