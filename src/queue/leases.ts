import type { Platform } from '../platform.js';
import { withTimeout } from '../lib/async.js';
import { messageOf } from '../lib/errors.js';
import { renewLeases, type Claim } from '../tasks/task-state-store.js';
import type { TaskRunners } from './task-runner.js';

/** A claim that this process keeps alive, and the signal that says when to stop working on it. */
export interface Lease {
  signal: AbortSignal;
  release(): void;
}

/** Keeps this worker's leases alive, and stops work on a task that is no longer ours. */
export interface Leases {
  hold(claim: Claim): Lease;
  stop(): void;
}

/** What this domain adds to Deps. */
export interface QueueDeps {
  /** Leases of the tasks that run in this process. */
  leases: Leases;
  /** How each kind of task is done. */
  runners: TaskRunners;
}

/** Why work on a task was stopped from outside; the task's own state says what follows. */
export class LeaseLostError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'LeaseLostError';
  }
}

interface Held {
  controller: AbortController;
  /** By this process's monotonic clock, in milliseconds. */
  renewedAtMs: number;
}

/**
 * Every `renewMs`, and at news that a held task is no longer RUNNING, all leases are renewed with one statement.
 * Work stops when the renewal finds its lease gone (cancelled, paused, taken over), or when the database could not
 * be asked for so long that another worker may have taken over.
 */
export function createLeases(deps: Pick<Platform, 'db' | 'bus' | 'log' | 'timing' | 'instanceId'>): Leases {
  const held = new Map<string, Held>();
  const takeAway = (entry: Held | undefined, reason: string) => {
    entry?.controller.abort(new LeaseLostError(reason));
  };

  const renew = async () => {
    // The answer is about those that were asked for: a later try of the same task may have begun meanwhile.
    const asked = [...held];
    if (asked.length === 0) return;
    const ids = asked.map(([id]) => id);
    const lease = { owner: deps.instanceId, durationMs: deps.timing.leaseMs };
    const startedAtMs = performance.now();
    const kept = new Set(await renewLeases(deps.db, ids, lease));
    for (const [id, entry] of asked) {
      if (kept.has(id)) entry.renewedAtMs = startedAtMs;
      else takeAway(entry, 'the task is no longer this worker’s');
    }
  };
  const dropExpired = () => {
    const oldestMs = performance.now() - deps.timing.leaseMs;
    for (const entry of held.values()) if (entry.renewedAtMs < oldestMs) takeAway(entry, 'the lease ran out');
  };
  const timer = setInterval(() => {
    // A network that swallows everything gives no error either. An answer that comes late still counts.
    withTimeout(renew(), deps.timing.renewMs).catch((thrown: unknown) => {
      deps.log.warn({ error: messageOf(thrown) }, 'could not renew leases');
      dropExpired();
    });
  }, deps.timing.renewMs);
  // News may be older than the claim, so it only makes us look; a failed look is repeated by the timer.
  const look = () => void renew().catch(() => undefined);
  const offNews = deps.bus.on('task.changed', ({ taskId, state }) => {
    if (state !== 'RUNNING' && held.has(taskId)) look();
  });
  const offGap = deps.bus.on('bus.gap', look);

  return {
    hold: (claim) => {
      const entry = { controller: new AbortController(), renewedAtMs: performance.now() };
      takeAway(held.get(claim.taskId), 'the next try of the task has begun');
      held.set(claim.taskId, entry);
      // News of what happened between the claim and now found nothing to stop.
      look();
      const release = () => {
        if (held.get(claim.taskId) === entry) held.delete(claim.taskId);
      };
      return { signal: entry.controller.signal, release };
    },
    stop: () => {
      clearInterval(timer);
      offNews();
      offGap();
    },
  };
}
