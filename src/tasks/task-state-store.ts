import type { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import { statesBefore, TERMINAL_STATES, type Task, type TaskState } from './task.js';

/** What a task ends with besides its state. */
export interface Ending {
  state: Extract<TaskState, 'COMPLETED' | 'SKIPPED' | 'FAILED' | 'CANCELLED'>;
  error?: { code: string; message: string; retryable: boolean };
}

/** Fences off every other writer: the worker, the try and the state must still be the ones that were claimed. */
export interface Claim {
  taskId: string;
  attempt: number;
  leaseOwner: string;
}

export const NO_LEASE = { leaseOwner: null, leaseUntil: null, dispatchedAt: null };
export const NO_ERROR = { errorCode: null, errorMessage: null, errorRetryable: null };

/**
 * Takes a QUEUED task that was handed out, for one worker; null when it is no longer to be had. A job that comes after
 * its task's place was given to another would make one too many at work. The database's clock times leases.
 */
export async function claimTask(
  db: Db,
  wanted: { taskId: string; attempt: number },
  lease: { owner: string; durationMs: number },
): Promise<Task | null> {
  const [claimed] = await db.$queryRaw<{ id: string }[]>`
    UPDATE "Task" SET "state" = 'RUNNING', "attempt" = "attempt" + 1, "dispatchedAt" = NULL, "retryAt" = NULL,
      "leaseOwner" = ${lease.owner}, "leaseUntil" = now() + ${lease.durationMs} * interval '1 millisecond',
      "startedAt" = coalesce("startedAt", now()), "progress" = 0,
      "errorCode" = NULL, "errorMessage" = NULL, "errorRetryable" = NULL
    WHERE "id" = ${wanted.taskId}::uuid AND "attempt" = ${wanted.attempt} AND "state" = 'QUEUED'
      AND "dispatchedAt" IS NOT NULL
    RETURNING "id"`;
  // Cancelled in between, it is nobody's: the news of that came before anyone kept the lease.
  const held = heldBy({ taskId: wanted.taskId, attempt: wanted.attempt + 1, leaseOwner: lease.owner });
  return claimed ? db.task.findFirst({ where: held }) : null;
}

/** Prolongs this worker's leases; the ids that it still holds come back. */
export async function renewLeases(
  db: Db,
  taskIds: readonly string[],
  lease: { owner: string; durationMs: number },
): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    UPDATE "Task" SET "leaseUntil" = now() + ${lease.durationMs} * interval '1 millisecond'
    WHERE "id" = ANY (${taskIds}::uuid[]) AND "leaseOwner" = ${lease.owner} AND "state" = 'RUNNING'
    RETURNING "id"`;
  return rows.map((row) => row.id);
}

export async function writeProgress(db: Db, claim: Claim, percent: number): Promise<void> {
  await db.task.updateMany({ where: heldBy(claim), data: { progress: percent } });
}

/** What a task keeps about the file that it made. */
export interface FileRecord {
  filePath: string;
  /** A format's name (media/media.ts), or ffmpeg's name of the codec in capitals where it is none of them. */
  fileFormat: string;
  fileBitrateKbps: number | null;
  fileSizeBytes: bigint;
  fileDurationMs: number;
  fileSource: string;
  fileLicence: string;
}

/** What the finished file is, written before it is renamed into place. False when the claim is gone. */
export async function writePlannedFile(db: Db, claim: Claim, file: FileRecord): Promise<boolean> {
  const { count } = await db.task.updateMany({ where: heldBy(claim), data: file });
  return count === 1;
}

/** Ends a claimed task. False when the claim is gone: then someone else decides about the task. */
export async function endClaimedTask(db: Db, claim: Claim, ending: Ending): Promise<boolean> {
  const { count } = await db.task.updateMany({
    where: heldBy(claim),
    data: {
      ...NO_LEASE,
      state: ending.state,
      ...(ending.state === 'COMPLETED' || ending.state === 'SKIPPED' ? { progress: 100 } : {}),
      errorCode: ending.error?.code ?? null,
      errorMessage: ending.error?.message ?? null,
      errorRetryable: ending.error?.retryable ?? null,
    },
  });
  return count === 1;
}

/** Puts a claimed task aside until its next try is due. */
export async function retryClaimedTask(
  db: Db,
  claim: Claim,
  retry: { delayMs: number; error: { code: string; message: string } },
): Promise<boolean> {
  const count = await db.$executeRaw`
    UPDATE "Task" SET "state" = 'RETRYING', "failures" = "failures" + 1, "leaseOwner" = NULL, "leaseUntil" = NULL,
      "retryAt" = now() + ${retry.delayMs} * interval '1 millisecond', "errorCode" = ${retry.error.code},
      "errorMessage" = ${retry.error.message}, "errorRetryable" = true
    WHERE "id" = ${claim.taskId}::uuid AND "attempt" = ${claim.attempt} AND "leaseOwner" = ${claim.leaseOwner}
      AND "state" = 'RUNNING'`;
  return count === 1;
}

/** Gives a claimed task back to the queue, as if this try had not been: the worker is stopping. */
export async function releaseClaimedTask(db: Db, claim: Claim): Promise<void> {
  await db.task.updateMany({ where: heldBy(claim), data: { ...NO_LEASE, state: 'QUEUED', progress: 0 } });
}

/** After a parent's children are written: it stays RUNNING, without a lease, until they have ended. */
export async function markExpanded(db: Db, claim: Claim): Promise<boolean> {
  const { count } = await db.task.updateMany({
    where: heldBy(claim),
    data: { ...NO_LEASE, expandedAt: new Date() },
  });
  return count === 1;
}

/** A claimed task's priority as it is now; null when the claim is gone. Ask under the task's lock. */
export async function findHeldPriority(tx: Db, claim: Claim): Promise<number | null> {
  const held = await tx.task.findFirst({ where: heldBy(claim), select: { priority: true } });
  return held?.priority ?? null;
}

/** Takes an ended task off the lists. */
export async function markDismissed(db: Db, taskId: string, at: Date): Promise<void> {
  const where = { id: taskId, dismissedAt: null, state: { in: [...TERMINAL_STATES] } };
  await db.task.updateMany({ where, data: { dismissedAt: at } });
}

/** Moves tasks to a state from any that may come before it; answers how many moved. */
export async function moveTasks(
  db: Db,
  where: Prisma.TaskWhereInput,
  change: Prisma.TaskUncheckedUpdateManyInput & { state: TaskState },
): Promise<number> {
  const { count } = await db.task.updateMany({
    where: { AND: [where, { state: { in: statesBefore(change.state) } }] },
    data: { ...NO_LEASE, ...change },
  });
  return count;
}

function heldBy(claim: Claim): Prisma.TaskWhereInput {
  return { id: claim.taskId, attempt: claim.attempt, leaseOwner: claim.leaseOwner, state: 'RUNNING' };
}
