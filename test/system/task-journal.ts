import type { TaskKind, TaskState } from '../../src/tasks/task.js';
import type { TestApp } from '../kit/start-app.js';

/** A change of a task's state, written down by the database itself, whichever process made it. */
export interface JournalEntry {
  id: string;
  kind: TaskKind;
  ownerId: string;
  itemId: string;
  from: TaskState;
  to: TaskState;
  attempt: number;
  /** Which process took the task, when `to` is RUNNING. */
  leaseOwner: string | null;
  /** By the database's clock; before the change is committed. */
  at: Date;
}

/** From now on the app's database keeps a journal. Once for each database, before anything is queued. */
export async function keepJournal({ deps: { db } }: TestApp): Promise<void> {
  await db.$executeRaw`
    CREATE TABLE "Journal" ("number" BIGSERIAL PRIMARY KEY, "id" UUID, "kind" TEXT, "ownerId" UUID, "itemId" TEXT,
      "from" TEXT, "to" TEXT, "attempt" INTEGER, "leaseOwner" TEXT, "at" TIMESTAMPTZ DEFAULT clock_timestamp())`;
  await db.$executeRaw`
    CREATE FUNCTION keep_journal() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO "Journal" ("id", "kind", "ownerId", "itemId", "from", "to", "attempt", "leaseOwner")
      VALUES (NEW."id", NEW."kind", NEW."ownerId", NEW."itemId", OLD."state", NEW."state", NEW."attempt",
        NEW."leaseOwner");
      RETURN NULL;
    END $$`;
  await db.$executeRaw`
    CREATE TRIGGER keep_journal AFTER UPDATE OF "state" ON "Task" FOR EACH ROW
    WHEN (OLD."state" <> NEW."state") EXECUTE FUNCTION keep_journal()`;
}

/** What became of tracks so far, in the order of time. */
export function readJournal({ deps: { db } }: TestApp): Promise<JournalEntry[]> {
  return db.$queryRaw<JournalEntry[]>`
    SELECT "id", "kind", "ownerId", "itemId", "from", "to", "attempt", "leaseOwner", "at"
    FROM "Journal" WHERE "kind" = 'TRACK' ORDER BY "at", "number"`;
}

/** The items of tracks in the order in which they came to a state; one that came to it twice is there twice. */
export function itemsThatCameTo(state: TaskState, journal: readonly JournalEntry[]): string[] {
  return journal.filter(({ to }) => to === state).map(({ itemId }) => itemId);
}

/**
 * How many tracks were RUNNING at once at most. Exact: a place is free when an end is committed, later than the
 * journal says, so that whoever takes it is later still.
 */
export function mostAtOnce(journal: readonly JournalEntry[]): number {
  let running = 0;
  let most = 0;
  for (const { from, to } of journal) {
    if (to === 'RUNNING') running++;
    if (from === 'RUNNING') running--;
    most = Math.max(most, running);
  }
  return most;
}
