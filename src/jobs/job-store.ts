import type { JobRepository } from 'agenda';

/** The store keeps one record for each recurring job, whatever the number of processes. */
export interface RecurringJob {
  name: string;
  everyMs: number;
}

/** An open job store, on PostgreSQL or on MongoDB. */
export interface JobStore {
  /** Agenda's own queries. */
  repository: JobRepository;
  records: JobRecords;
}

/** What we need of the job store besides Agenda's own queries. */
export interface JobRecords {
  /** How often Agenda polls for due jobs, in milliseconds. */
  pollEveryMs: number;
  /**
   * Recreates missing indexes and missing records of recurring jobs; existing records keep their lock and their next
   * run. Also deletes records of jobs that ended while the store was down.
   */
  restore(recurring: readonly RecurringJob[]): Promise<void>;
  ping(): Promise<void>;
  /** Notifies the other processes that a job of this name is due. */
  announce(jobName: string): Promise<void>;
  /** Calls `onDue` whenever another process announces. Resolves once it listens, or has failed to connect for now. */
  listen(onDue: (jobName: string) => void): Promise<void>;
  close(): Promise<void>;
}
