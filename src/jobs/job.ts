import type { z } from 'zod';

/** What identifies a kind of background work, and how it runs. */
export interface JobDefinition<Payload> {
  /** Imperative: `runTask`. */
  name: string;
  payload: z.ZodType<Payload>;
  /** How many of it one process runs at once. */
  concurrency: number;
  /** A recurring job's interval in milliseconds; its payload is then `{}`. */
  everyMs?: number;
  /** After how long without a renewal another process may take the job over. */
  lockLifetimeMs: number;
}

/** What a job gets besides its payload. */
export interface JobRun {
  /** Aborts when the process stops. */
  signal: AbortSignal;
}

/** A kind of background work, defined and implemented in one `<name>.job.ts`. */
export interface Job<Deps, Payload> extends JobDefinition<Payload> {
  run(deps: Deps, payload: Payload, run: JobRun): Promise<void>;
}

/** A job as the runner sees it: the payload is still unparsed. */
export type RunnableJob<Deps> = JobDefinition<unknown> & {
  run(deps: Deps, payload: unknown, run: JobRun): Promise<void>;
};

/** Hands work to the job runner. Jobs are hints: the truth about work is in PostgreSQL. */
export interface JobRunner {
  enqueue<Payload>(
    definition: JobDefinition<Payload>,
    payload: Payload,
    options?: { at?: Date },
  ): Promise<void>;
}

/** Infers the payload's type from its schema. */
export function defineJob<Deps, Payload>(job: Job<Deps, Payload>): Job<Deps, Payload> {
  return job;
}
