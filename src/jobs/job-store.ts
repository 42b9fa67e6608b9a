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
   * Existing recurring jobs keep lock and next run, unless these lie further ahead of the store's clock than it could
   * have set them. Deletes records of jobs that ended in the outage.
   */
  restore(recurring: readonly RecurringJob[]): Promise<void>;
  /** By the store's clock. */
  readTime(): Promise<Date>;
  ping(): Promise<void>;
  announce(jobName: string): Promise<void>;
  listen(onDue: (jobName: string) => void): Promise<void>;
  close(): Promise<void>;
}
