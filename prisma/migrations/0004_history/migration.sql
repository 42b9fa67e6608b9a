-- History of a million rows: each filter has an index that gives its newest rows first, and words are found by
-- their trigrams. pg_trgm comes with PostgreSQL and may be added by a database's owner.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

ALTER TABLE "Task" ADD COLUMN "searchText" TEXT NOT NULL DEFAULT '';
-- New rows get it from tasks/new-task.ts, which folds more letters than PostgreSQL does.
UPDATE "Task" SET "searchText" = left(
  regexp_replace(
    regexp_replace(
      lower(normalize(concat_ws(' ', ' ' || "title", array_to_string("artists", ' '), "album"), NFKD)),
      U&'[\0300-\036F]', '', 'g'),
    '[^[:alnum:]]+', ' ', 'g'),
  500);

-- Only ended tasks are in it: a trigram index is costly to change, and what runs changes twice a second.
CREATE INDEX "Task_searchText" ON "Task" USING GIN ("searchText" gin_trgm_ops)
  WHERE "state" IN ('COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED');
CREATE INDEX "Task_ended" ON "Task" ("createdAt" DESC, "id" DESC)
  WHERE "state" IN ('COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED');
CREATE INDEX "Task_history_owner" ON "Task" ("ownerId", "createdAt" DESC, "id" DESC) WHERE "parentId" IS NULL;
CREATE INDEX "Task_history_kind" ON "Task" ("kind", "createdAt" DESC, "id" DESC) WHERE "parentId" IS NULL;
CREATE INDEX "Task_history_state" ON "Task" ("state", "createdAt" DESC, "id" DESC) WHERE "parentId" IS NULL;
CREATE INDEX "Task_history_partial" ON "Task" ("createdAt" DESC, "id" DESC)
  WHERE "parentId" IS NULL AND "state" = 'COMPLETED' AND "failed" + "cancelled" > 0;
CREATE INDEX "Task_history_finished" ON "Task" ("finishedAt") WHERE "parentId" IS NULL;
