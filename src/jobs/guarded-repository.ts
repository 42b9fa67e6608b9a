import type { JobRepository } from './agenda.js';
import { createLockTurns } from './lock-turns.js';
import type { StoreGuard } from './store-guard.js';

/** The repository as Agenda gets it: every call is bounded and tracked, and locking is as we need it. */
export function guardRepository(
  repository: JobRepository,
  guard: StoreGuard,
  accepting: () => boolean,
): JobRepository {
  const inTurn = createLockTurns();
  const overrides: Partial<JobRepository> = {
    saveJob: (job, options) => guard.call(() => repository.saveJob(job, options)),
    saveJobState: (job, options) => guard.attempt(() => repository.saveJobState(job, options)),
    removeJobs: (options) => guard.attempt(() => repository.removeJobs(options)),
    unlockJobs: (ids) => guard.attempt(() => repository.unlockJobs(ids)),
    // Agenda does not wait for this one: a rejection would end the process.
    unlockJob: (job) => guard.attempt(() => repository.unlockJob(job)).catch(() => undefined),
    getNextJobToRun: (...[name, , lockDeadline, , options]) =>
      inTurn(name, async () => {
        if (!accepting()) return undefined;
        const now = new Date();
        // Only what is due: Agenda locks ahead, and a job whose lock runs out before its time (the computer slept)
        // takes up a place in this process for ever.
        const job = await guard.call(() => repository.getNextJobToRun(name, now, lockDeadline, now, options));
        const lockLifetimeMs = now.getTime() - lockDeadline.getTime();
        const fresh = Date.now() - now.getTime() < lockLifetimeMs / 2;
        if (!job || (accepting() && fresh)) return job;
        await guard.attempt(() => repository.unlockJob(job));
        return undefined;
      }),
  };
  return Object.assign(Object.create(repository) as JobRepository, overrides);
}
