import type { z } from 'zod';

export interface JobDefinition<Payload> {
  name: string;
  payload: z.ZodType<Payload>;
  concurrency: number;
  everyMs?: number;
  lockLifetimeMs: number;
}

export interface JobRun {
  /** Aborts when the process stops or the job's lock is lost. */
  signal: AbortSignal;
}

export interface Job<Deps, Payload> extends JobDefinition<Payload> {
  run(deps: Deps, payload: Payload, run: JobRun): Promise<void>;
}

export type RunnableJob<Deps> = JobDefinition<unknown> & {
  run(deps: Deps, payload: unknown, run: JobRun): Promise<void>;
};

/** A lost job loses no work: PostgreSQL has the tasks. */
export interface JobRunner {
  enqueue<Payload>(
    definition: JobDefinition<Payload>,
    payload: Payload,
    options?: { at?: Date },
  ): Promise<void>;
}

export function defineJob<Deps, Payload>(job: Job<Deps, Payload>): Job<Deps, Payload> {
  return job;
}
