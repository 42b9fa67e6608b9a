import type { JobRepository } from 'agenda';

export interface RecurringJob {
  name: string;
  everyMs: number;
}

export interface JobStore {
  repository: JobRepository;
  records: JobRecords;
}

export interface JobRecords {
  pollEveryMs: number;
  /**
   * Recreates missing indexes and missing records of recurring jobs; existing records keep their lock and their next
   * run. Also deletes records of jobs that ended while the store was down.
   */
  restore(recurring: readonly RecurringJob[]): Promise<void>;
  ping(): Promise<void>;
  announce(jobName: string): Promise<void>;
  listen(onDue: (jobName: string) => void): Promise<void>;
  close(): Promise<void>;
}
