import type { CatalogSource } from './catalog/catalog-source.js';
import type { TagReader } from './library/tag-reader.js';
import type { Settings } from './settings/settings.js';
import type { WatchSettings } from './settings/watch-settings.js';
import type { AudioSource } from './catalog/audio-source.js';
import type { Env } from './env.js';
import type { EventBus } from './events/bus.js';
import type { JobRunner } from './jobs/kit.js';
import type { Clock } from './lib/clock.js';
import type { Logger } from './lib/logger.js';
import type { Media } from './media/media.js';
import type { Database } from './database/prisma.js';
import type { Leases } from './queue/leases.js';
import type { TaskCounter } from './tasks/task-counter.js';
import type { TaskFeed } from './live/task-feed.js';

/** Everything the world offers to a use case; each takes the few it needs with `Pick`. Made in app.ts. */
export interface Deps {
  env: Env;
  /** Structured log; a child logger with `taskId` or `requestId` tells one story. */
  log: Logger;
  /** The current time. Leases and retries go by the database's clock instead, which all workers share. */
  clock: Clock;
  /** This process among all that share the database; owns leases. */
  instanceId: string;
  /** The truth. */
  db: Database;
  /** News of this process and, through PostgreSQL, of every other. */
  bus: EventBus;
  /** Runs what the dispatcher hands out, and recurring work. */
  jobs: JobRunner;
  /** The settings in force now; ask each time. */
  settings: () => Settings;
  /** How watched things are looked at now; ask each time. */
  watchSettings: () => WatchSettings;
  /** Resolves when all settings that were stored before are in force in this process. */
  reloadSettings: () => Promise<void>;
  /** By provider: the part of an id before the colon. Those over a network answer from the cache where they can. */
  catalogs: ReadonlyMap<string, CatalogSource>;
  /** In the order in which they are asked for audio. */
  sources: readonly AudioSource[];
  /** ffmpeg. */
  media: Media;
  /** Reads what audio files say about themselves, for the library's index. */
  tagReader: TagReader;
  /** Live changes of tasks, read once for all who listen. */
  feed: TaskFeed;
  /** Numbers of tasks, read once for all who ask at the same time. */
  taskCounter: TaskCounter;
  /** Leases of the tasks that run in this process. */
  leases: Leases;
  timing: Timing;
}

/** How patient Reprise is, in milliseconds. Fixed in real use; tests that wait for these shorten them. */
export interface Timing {
  /** How long a worker that went silent keeps a task. */
  leaseMs: number;
  /** How often a worker renews its leases; well below leaseMs. */
  renewMs: number;
  /** After how long a task that was handed out but never started is handed out again. */
  jobLostAfterMs: number;
  /** How long a source may send nothing. */
  sourceIdleMs: number;
  /** How long who queues a list waits for its parts to be written; less than a client waits for an answer. */
  partsWaitMs: number;
  /** How long running work may go on after the process was asked to stop. */
  stopGraceMs: number;
}

export const TIMING: Timing = {
  leaseMs: 15_000,
  renewMs: 4_000,
  jobLostAfterMs: 30_000,
  sourceIdleMs: 30_000,
  partsWaitMs: 5_000,
  stopGraceMs: 10_000,
};
