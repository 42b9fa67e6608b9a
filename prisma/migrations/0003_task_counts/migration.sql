-- How many tasks there are of each sort, without counting them: each statement that changes tasks appends what it
-- added to a sort and took from it. Nothing is updated, so that no two changes wait for each other; a reader sums what
-- its own snapshot shows, which is exact. tasks/task-count-store.ts folds the rows of an owner into few now and then.
-- No foreign key: the rows of a user who is deleted come to nothing by themselves.
CREATE TABLE "TaskCount" (
  "ownerId"   UUID NOT NULL,
  "kind"      "TaskKind" NOT NULL,
  "state"     "TaskState" NOT NULL,
  "topLevel"  BOOLEAN NOT NULL,
  "dismissed" BOOLEAN NOT NULL,
  "begun"     BOOLEAN NOT NULL,
  "partial"   BOOLEAN NOT NULL,
  "n"         INTEGER NOT NULL,
  "folded"    BOOLEAN NOT NULL DEFAULT false
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
CREATE INDEX "TaskCount_ownerId_idx" ON "TaskCount" ("ownerId");
CREATE INDEX "TaskCount_unfolded" ON "TaskCount" ("ownerId") WHERE NOT "folded";

CREATE FUNCTION count_tasks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO "TaskCount" ("ownerId", "kind", "state", "topLevel", "dismissed", "begun", "partial", "n")
    SELECT "ownerId", "kind", "state", "parentId" IS NULL, "dismissedAt" IS NOT NULL, "startedAt" IS NOT NULL,
      "state" = 'COMPLETED' AND "failed" + "cancelled" > 0, count(*)
    FROM added GROUP BY 1, 2, 3, 4, 5, 6, 7;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO "TaskCount" ("ownerId", "kind", "state", "topLevel", "dismissed", "begun", "partial", "n")
    SELECT "ownerId", "kind", "state", "parentId" IS NULL, "dismissedAt" IS NOT NULL, "startedAt" IS NOT NULL,
      "state" = 'COMPLETED' AND "failed" + "cancelled" > 0, -count(*)
    FROM removed GROUP BY 1, 2, 3, 4, 5, 6, 7;
  ELSE
    INSERT INTO "TaskCount" ("ownerId", "kind", "state", "topLevel", "dismissed", "begun", "partial", "n")
    SELECT "ownerId", "kind", "state", "parentId" IS NULL, "dismissedAt" IS NOT NULL, "startedAt" IS NOT NULL,
      "state" = 'COMPLETED' AND "failed" + "cancelled" > 0, sum(one)
    FROM (SELECT 1 AS one, * FROM added UNION ALL SELECT -1, * FROM removed) AS changes
    GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(one) <> 0;
  END IF;
  RETURN NULL;
END $$;
-- Before the backfill: they keep other writers out until all of this is committed.
CREATE TRIGGER count_inserted_tasks AFTER INSERT ON "Task"
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_tasks();
CREATE TRIGGER count_updated_tasks AFTER UPDATE ON "Task"
  REFERENCING NEW TABLE AS added OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_tasks();
CREATE TRIGGER count_deleted_tasks AFTER DELETE ON "Task"
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_tasks();

INSERT INTO "TaskCount" ("ownerId", "kind", "state", "topLevel", "dismissed", "begun", "partial", "n", "folded")
SELECT "ownerId", "kind", "state", "parentId" IS NULL, "dismissedAt" IS NOT NULL, "startedAt" IS NOT NULL,
  "state" = 'COMPLETED' AND "failed" + "cancelled" > 0, count(*), true
FROM "Task" GROUP BY 1, 2, 3, 4, 5, 6, 7;

-- The snapshot that live updates begin with, and the first page of a list that starts with what is active.
CREATE INDEX "Task_live" ON "Task" ("sequence", "id")
  WHERE "state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED');
CREATE INDEX "Task_live_top_level" ON "Task" ("createdAt" DESC, "id" DESC)
  WHERE "state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED') AND "parentId" IS NULL;
-- What changed since a time, for those who poll; each row is in one of the two.
CREATE INDEX "Task_changed_top_level" ON "Task" ("updatedAt", "id") WHERE "parentId" IS NULL;
CREATE INDEX "Task_changed_part" ON "Task" ("updatedAt") WHERE "parentId" IS NOT NULL;
