import type { JobRepository } from './agenda.js';

/** A recurring job, as the store keeps it: one record for each, whatever the number of processes. */
export interface RecurringJob {
  name: string;
  everyMs: number;
}

/** An open job store: on PostgreSQL or on MongoDB, and all the same to agenda.ts. */
export interface JobStore {
  /** Agenda's own queries. */
  repository: JobRepository;
  records: JobRecords;
}

/** What we need of the job store besides Agenda's own queries. */
export interface JobRecords {
  /** How often Agenda looks for due jobs, in milliseconds. */
  pollEveryMs: number;
  /**
   * Puts back whatever the store should have and lacks: indexes, and the records of recurring jobs. A record that
   * is there keeps its lock and its next run. Also removes what is left of jobs that ended while the store was gone.
   */
  restore(recurring: readonly RecurringJob[]): Promise<void>;
  ping(): Promise<void>;
  /** Tells the other processes that a job of this name is due. */
  announce(jobName: string): Promise<void>;
  /** Calls `onDue` whenever another process announces; resolves when it listens, or cannot for now. */
  listen(onDue: (jobName: string) => void): Promise<void>;
  close(): Promise<void>;
}
