import type { z } from 'zod';

/** A kind of background work: its name and what it is told. One `<name>.job.ts` for each. */
export interface JobDefinition<Payload> {
  /** Imperative: `runDownload`. */
  name: string;
  payload: z.ZodType<Payload>;
  /** How many of it one process runs at once. */
  concurrency: number;
  /** A recurring job's interval in milliseconds; its payload is then `{}`. */
  everyMs?: number;
  /** After how long without a sign of life another process may take the job over. */
  lockLifetimeMs: number;
}

/** What a handler gets besides its payload. */
export interface JobRun {
  /** Aborts when the process stops. */
  signal: AbortSignal;
}

export interface JobImplementation<Deps> {
  definition: JobDefinition<unknown>;
  run(deps: Deps, payload: unknown, run: JobRun): Promise<void>;
}

/** Hands work to the job runner. Jobs are hints: the truth about work is in PostgreSQL. */
export interface JobRunner {
  enqueue<Payload>(
    definition: JobDefinition<Payload>,
    payload: Payload,
    options?: { at?: Date },
  ): Promise<void>;
}

export function defineJob<Payload>(definition: JobDefinition<Payload>): JobDefinition<Payload> {
  return definition;
}

/** Ties a handler to its job; the payload is parsed before the handler sees it. */
export function implementJob<Deps, Payload>(
  definition: JobDefinition<Payload>,
  handler: (deps: Deps, payload: Payload, run: JobRun) => Promise<void>,
): JobImplementation<Deps> {
  return {
    definition,
    run: (deps, payload, run) => handler(deps, definition.payload.parse(payload), run),
  };
}
