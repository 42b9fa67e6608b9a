import type { TaskErrorCode } from '../lib/errors.js';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import { readRequest } from './task-store.js';
import {
  ACTIVE_STATES,
  FINISHED_STATES,
  PARENT_KINDS,
  statesBefore,
  type Task,
  type TaskState,
} from './task.js';

export interface Ending {
  state: Extract<TaskState, 'COMPLETED' | 'SKIPPED' | 'FAILED' | 'CANCELLED'>;
  error?: { code: TaskErrorCode; message: string; retryable: boolean };
}

/** Fences off other writers: worker, attempt and state must still be those of the claim. */
export interface Claim {
  taskId: string;
  attempt: number;
  leaseOwner: string;
}

interface ClaimedRow {
  task: Task;
  claim: Claim;
  request: ReturnType<typeof readRequest>;
}

interface LeaseTerms {
  owner: string;
  durationMs: number;
}

const NO_LEASE = { leaseOwner: null, leaseUntil: null, dispatchedAt: null };
const NO_ERROR = { errorCode: null, errorMessage: null, errorRetryable: null };

/** Null when revoked: a late job could exceed the running limit. Leases use the database's clock. */
export async function claimTask(
  db: Db,
  { taskId, attempt }: { taskId: string; attempt: number },
  lease: LeaseTerms,
): Promise<ClaimedRow | null> {
  const [claimed] = await db.$queryRaw<{ id: string }[]>`
    UPDATE "Task" SET "state" = 'RUNNING', "attempt" = "attempt" + 1, "dispatchedAt" = NULL, "retryAt" = NULL,
      "leaseOwner" = ${lease.owner}, "leaseUntil" = now() + ${lease.durationMs} * interval '1 millisecond',
      "startedAt" = coalesce("startedAt", now()), "progress" = 0,
      "errorCode" = NULL, "errorMessage" = NULL, "errorRetryable" = NULL
    WHERE "id" = ${taskId}::uuid AND "attempt" = ${attempt} AND "state" = 'QUEUED' AND "dispatchedAt" IS NOT NULL
    RETURNING "id"`;
  // Canceled since the update, it is not claimed: the event of that came before anyone renewed this lease.
  const claim = { taskId, attempt: attempt + 1, leaseOwner: lease.owner };
  const task = claimed ? await db.task.findFirst({ where: claimedBy(claim) }) : null;
  return task && { task, claim, request: readRequest(task) };
}

/**
 * Returns the ids of those that are still claimed. Rows that another transaction holds, as that of a parent while a
 * page of children is inserted, are renewed after the others, each by itself: who waits for a row while it holds
 * another one deadlocks with those who lock parents before children.
 */
export async function renewLeases(db: Db, taskIds: readonly string[], lease: LeaseTerms): Promise<string[]> {
  const renewed = await renewFree(db, taskIds, lease);
  const done = new Set(renewed);
  for (const id of taskIds) if (!done.has(id) && (await renewOne(db, id, lease))) renewed.push(id);
  return renewed;
}

async function renewFree(db: Db, taskIds: readonly string[], lease: LeaseTerms): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    UPDATE "Task" SET ${until(lease)} WHERE "id" = ANY (ARRAY(
      SELECT "id" FROM "Task"
      WHERE "id" = ANY (${taskIds}::uuid[]) AND "leaseOwner" = ${lease.owner} AND "state"::text = 'RUNNING'
      FOR NO KEY UPDATE SKIP LOCKED))
    RETURNING "id"`;
  return rows.map((row) => row.id);
}

async function renewOne(db: Db, taskId: string, lease: LeaseTerms): Promise<boolean> {
  const count = await db.$executeRaw`
    UPDATE "Task" SET ${until(lease)}
    WHERE "id" = ${taskId}::uuid AND "leaseOwner" = ${lease.owner} AND "state" = 'RUNNING'`;
  return count === 1;
}

function until({ durationMs }: LeaseTerms): Prisma.Sql {
  return Prisma.sql`"leaseUntil" = now() + ${durationMs} * interval '1 millisecond'`;
}

export async function writeProgress(db: Db, claim: Claim, percent: number): Promise<void> {
  await db.task.updateMany({ where: claimedBy(claim), data: { progress: percent } });
}

export interface FileRecord {
  filePath: string;
  /** An AudioFormat (media/media.ts), or ffmpeg's codec name in capitals. */
  fileFormat: string;
  fileBitrateKbps: number | null;
  fileSizeBytes: bigint;
  fileDurationMs: bigint;
  fileSource: string;
  fileLicence: string;
  fileSourceNote: string | null;
}

/** Called before the file is renamed into place. False when the claim is lost. */
export async function writePlannedFile(db: Db, claim: Claim, file: FileRecord): Promise<boolean> {
  const { count } = await db.task.updateMany({ where: claimedBy(claim), data: file });
  return count === 1;
}

/** False when the claim is lost. */
export async function endClaimedTask(db: Db, claim: Claim, ending: Ending): Promise<boolean> {
  const { count } = await db.task.updateMany({
    where: claimedBy(claim),
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

interface Retry {
  delayMs: number;
  error: { code: TaskErrorCode; message: string };
}

/** False when the claim is lost. */
export function retryClaimedTask(db: Db, claim: Claim, retry: Retry): Promise<boolean> {
  return moveToRetrying(db, claim, {
    ...retry,
    also: Prisma.sql`"failures" = "failures" + 1, "waitingSince" = NULL`,
    where: Prisma.empty,
  });
}

/** Counts as no failure. False when the claim is lost, or the task has waited for that long already. */
export function waitClaimedTask(
  db: Db,
  claim: Claim,
  { maxWaitMs, ...retry }: Retry & { maxWaitMs: number },
): Promise<boolean> {
  return moveToRetrying(db, claim, {
    ...retry,
    also: Prisma.sql`"waitingSince" = coalesce("waitingSince", now())`,
    where: Prisma.sql`AND coalesce("waitingSince", now()) > now() - ${maxWaitMs} * interval '1 millisecond'`,
  });
}

async function moveToRetrying(
  db: Db,
  claim: Claim,
  { delayMs, error, also, where }: Retry & Record<'also' | 'where', Prisma.Sql>,
): Promise<boolean> {
  const count = await db.$executeRaw`
    UPDATE "Task" SET "state" = 'RETRYING', "deaths" = 0, "leaseOwner" = NULL, "leaseUntil" = NULL,
      "retryAt" = now() + ${delayMs} * interval '1 millisecond', "errorCode" = ${error.code},
      "errorMessage" = ${error.message}, "errorRetryable" = true, ${also}
    WHERE "id" = ${claim.taskId}::uuid AND "attempt" = ${claim.attempt} AND "leaseOwner" = ${claim.leaseOwner}
      AND "state" = 'RUNNING' ${where}`;
  return count === 1;
}

/** The worker is stopping: the attempt counts as no failure. */
export async function releaseClaimedTask(db: Db, claim: Claim): Promise<void> {
  await db.task.updateMany({ where: claimedBy(claim), data: { ...NO_LEASE, state: 'QUEUED', progress: 0 } });
}

/**
 * The parent stays RUNNING, without a lease, until its children finish. With `frees`, another task like it may be
 * queued meanwhile: the next check of a watch does not wait for downloads. False when the claim is lost.
 */
export async function markExpanded(db: Db, claim: Claim, frees = false): Promise<boolean> {
  const { count } = await db.task.updateMany({
    where: claimedBy(claim),
    data: { ...NO_LEASE, expandedAt: new Date(), ...(frees && { dedupeKey: null }) },
  });
  return count === 1;
}

/** Null when the claim is lost. Call it under the task's lock. */
export async function findClaimedPriority(tx: Db, claim: Claim): Promise<number | null> {
  const task = await tx.task.findFirst({ where: claimedBy(claim), select: { priority: true } });
  return task?.priority ?? null;
}

function claimedBy(claim: Claim): Prisma.TaskWhereInput {
  return { id: claim.taskId, attempt: claim.attempt, leaseOwner: claim.leaseOwner, state: 'RUNNING' };
}

type Where = Prisma.TaskWhereInput;

export async function moveTasks(
  db: Db,
  where: Where,
  change: Prisma.TaskUncheckedUpdateManyInput & { state: TaskState },
): Promise<number> {
  const { count } = await db.task.updateMany({
    where: { AND: [where, { state: { in: statesBefore(change.state) } }] },
    data: { ...NO_LEASE, ...change },
  });
  return count;
}

/* Expanded parents are left out where their state follows from their children's (task-tree-store.ts). */

export function cancelTasks(tx: Db, where: Where): Promise<number> {
  return moveTasks(tx, where, { state: 'CANCELLED', retryAt: null });
}

/** An entry without an item has left its catalog, and would only fail again. */
export function retryTasks(tx: Db, where: Where): Promise<number> {
  const retryable: Where = {
    state: { in: ['FAILED', 'CANCELLED'] },
    expandedAt: null,
    item: { not: Prisma.JsonNull },
  };
  const fresh = { progress: 0, failures: 0, deaths: 0, retryAt: null, waitingSince: null, dismissedAt: null };
  return moveTasks(tx, { AND: [where, retryable] }, { state: 'QUEUED', ...fresh, ...NO_ERROR });
}

/** Parents only while they are being expanded. Running tracks continue. */
export async function pauseTasks(tx: Db, where: Where): Promise<number> {
  const waiting = await moveTasks(tx, where, { state: 'PAUSED', retryAt: null });
  const expanding: Where = { kind: { in: [...PARENT_KINDS] }, expandedAt: null, state: 'RUNNING' };
  const parents = await tx.task.updateMany({
    where: { AND: [where, expanding] },
    data: { state: 'PAUSED', ...NO_LEASE },
  });
  return waiting + parents.count;
}

export function resumeTasks(tx: Db, where: Where): Promise<number> {
  return moveTasks(tx, { AND: [where, { state: 'PAUSED', expandedAt: null }] }, { state: 'QUEUED' });
}

/** Counts the active tasks, but writes only to those with another priority: each write is sent to subscribers. */
export async function setPriority(tx: Db, where: Where, priority: number): Promise<number> {
  const active: Where = { AND: [where, { state: { in: [...ACTIVE_STATES] } }] };
  const differing: Where = { AND: [active, { priority: { not: priority } }] };
  await tx.task.updateMany({ where: differing, data: { priority } });
  return tx.task.count({ where: active });
}

/**
 * The rows of one transaction share a sequence. Call it after the commit: a reader who is shown the row as it is then
 * has been shown all of them. The trigger announces it, and leaves `updatedAt` alone.
 */
export async function restampTask(db: Db, taskId: string): Promise<bigint | null> {
  const [row] = await db.$queryRaw<{ sequence: bigint }[]>`
    UPDATE "Task" SET "sequence" = pg_current_xact_id()::text::bigint WHERE "id" = ${taskId}::uuid
    RETURNING "sequence"`;
  return row?.sequence ?? null;
}

/** Returns the ids of those that had finished. */
export async function markDismissed(db: Db, taskIds: readonly string[], at: Date): Promise<string[]> {
  const where = { id: { in: [...taskIds] }, dismissedAt: null, state: { in: [...FINISHED_STATES] } };
  const data = { dismissedAt: at };
  const rows = await db.task.updateManyAndReturn({ where, data, select: { id: true } });
  return rows.map(({ id }) => id);
}
