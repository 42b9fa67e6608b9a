import type { ExpensiveReads } from './database/expensive-reads.js';
import type { Database } from './database/prisma.js';
import type { Env } from './env.js';
import type { EventBus } from './events/bus.js';
import type { JobRunner } from './jobs/job.js';
import type { Clock } from './lib/clock.js';
import type { Logger } from './lib/logger.js';
import type { Media } from './media/media.js';
import type { Outbound } from './outbound/outbound.js';

export interface Platform {
  env: Env;
  log: Logger;
  /** The current time. Leases and retries use the database's clock instead, which all workers share. */
  clock: Clock;
  /** Identifies this process among all that share the database; owns leases. */
  instanceId: string;
  /** In a worker, connections of its own: what keeps downloads alive never waits for a request. */
  db: Database;
  /** For reads that a request can make dear: searches, deep pages, snapshots. */
  reads: ExpensiveReads;
  bus: EventBus;
  jobs: JobRunner;
  media: Media;
  outbound: Outbound;
  timing: Timing;
}

/** Fixed in production; tests shorten them. */
export interface Timing {
  /** After this long without renewal a task is queued again. */
  leaseMs: number;
  /** A worker that renewed nothing for two of these, and has no session in the database, is taken for dead. */
  renewMs: number;
  /** When a task that was dispatched but has not started is dispatched again. */
  jobLostAfterMs: number;
  /** How often each worker looks for expired leases, due retries and free places. */
  dispatchEveryMs: number;
  /** How long a task waits that may be what kills its workers; four times as long after each further death. */
  suspectDelayMs: number;
  sourceIdleMs: number;
  /** How long a request that queues a list waits for its children; less than a client waits for a response. */
  childrenWaitMs: number;
  /** How long running work may continue once the process is stopping. */
  stopGraceMs: number;
  /** How long a service has to say whether it accepts an account. */
  accountCheckMs: number;
  /** How long each catalog has for its part of a search over several. */
  catalogSearchMs: number;
  /** How long a track waits for MusicBrainz once its audio is there; what is late is left out. */
  enrichmentMs: number;
  /** How soon a recurring job is back whose record the job store lost. */
  restoreJobsEveryMs: number;
}

export const TIMING: Timing = {
  leaseMs: 15_000,
  renewMs: 2_000,
  jobLostAfterMs: 30_000,
  dispatchEveryMs: 2_000,
  suspectDelayMs: 10_000,
  sourceIdleMs: 30_000,
  childrenWaitMs: 5_000,
  // Docker kills a container after 10 s: time is needed to return the rest to the queue and stop the database.
  stopGraceMs: 5_000,
  accountCheckMs: 8_000,
  catalogSearchMs: 6_000,
  enrichmentMs: 10_000,
  restoreJobsEveryMs: 15_000,
};
