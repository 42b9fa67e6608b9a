CREATE TYPE "UserRole" AS ENUM ('USER', 'ADMIN');
CREATE TYPE "TaskKind" AS ENUM ('TRACK', 'ALBUM', 'PLAYLIST', 'ARTIST', 'WATCH_CHECK');
CREATE TYPE "TaskState" AS ENUM
  ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED', 'COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED');

CREATE TABLE "User" (
  "id"        UUID NOT NULL PRIMARY KEY,
  "username"  TEXT NOT NULL,
  "role"      "UserRole" NOT NULL DEFAULT 'USER',
  "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "User_username_key" ON "User" ("username");

-- With authentication off every caller is this user.
INSERT INTO "User" ("id", "username", "role") VALUES ('00000000-0000-4000-8000-000000000001', 'system', 'ADMIN');

CREATE TABLE "Task" (
  "id"              UUID NOT NULL PRIMARY KEY,
  "kind"            "TaskKind" NOT NULL,
  "state"           "TaskState" NOT NULL DEFAULT 'QUEUED',
  "ownerId"         UUID NOT NULL REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "parentId"        UUID REFERENCES "Task" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "position"        INTEGER,
  "dedupeKey"       TEXT,
  "itemId"          TEXT NOT NULL,
  "title"           TEXT NOT NULL,
  "artists"         TEXT[],
  "album"           TEXT,
  "item"            JSONB NOT NULL,
  "options"         JSONB NOT NULL,
  "priority"        INTEGER NOT NULL DEFAULT 0,
  "attempt"         INTEGER NOT NULL DEFAULT 0,
  "failures"        INTEGER NOT NULL DEFAULT 0,
  "progress"        DOUBLE PRECISION NOT NULL DEFAULT 0,
  "total"           INTEGER NOT NULL DEFAULT 0,
  "succeeded"       INTEGER NOT NULL DEFAULT 0,
  "skipped"         INTEGER NOT NULL DEFAULT 0,
  "failed"          INTEGER NOT NULL DEFAULT 0,
  "cancelled"       INTEGER NOT NULL DEFAULT 0,
  "errorCode"       TEXT,
  "errorMessage"    TEXT,
  "errorRetryable"  BOOLEAN,
  "filePath"        TEXT,
  "fileFormat"      TEXT,
  "fileBitrateKbps" INTEGER,
  "fileSizeBytes"   BIGINT,
  "fileDurationMs"  INTEGER,
  "fileSource"      TEXT,
  "fileLicence"     TEXT,
  "dispatchedAt"    TIMESTAMPTZ(3),
  "leaseOwner"      TEXT,
  "leaseUntil"      TIMESTAMPTZ(3),
  "retryAt"         TIMESTAMPTZ(3),
  "expandedAt"      TIMESTAMPTZ(3),
  "dismissedAt"     TIMESTAMPTZ(3),
  "createdAt"       TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "startedAt"       TIMESTAMPTZ(3),
  "finishedAt"      TIMESTAMPTZ(3),
  "updatedAt"       TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "sequence"        BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX "Task_parentId_position_key" ON "Task" ("parentId", "position");
CREATE INDEX "Task_sequence_idx" ON "Task" ("sequence");
-- A duplicate is a fact of the database: one live task for each owner, item and output.
CREATE UNIQUE INDEX "Task_dedupeKey_live" ON "Task" ("dedupeKey")
  WHERE "state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED');
-- What the dispatcher reads: the next tasks of one owner.
CREATE INDEX "Task_dispatch" ON "Task" ("ownerId", "kind", "priority" DESC, "createdAt", "position")
  WHERE "state" = 'QUEUED' AND "dispatchedAt" IS NULL;
CREATE INDEX "Task_leaseUntil" ON "Task" ("leaseUntil") WHERE "leaseUntil" IS NOT NULL;
CREATE INDEX "Task_retryAt" ON "Task" ("retryAt") WHERE "state" = 'RETRYING';
CREATE INDEX "Task_busy" ON "Task" ("kind", "ownerId") WHERE "state" = 'RUNNING' OR "dispatchedAt" IS NOT NULL;
-- Parents count their children by state without touching the rows.
CREATE INDEX "Task_parentId_state" ON "Task" ("parentId", "state") WHERE "parentId" IS NOT NULL;
CREATE INDEX "Task_top_level" ON "Task" ("createdAt" DESC, "id" DESC) WHERE "parentId" IS NULL;
CREATE INDEX "Task_counts" ON "Task" ("ownerId", "state") WHERE "parentId" IS NULL AND "dismissedAt" IS NULL;
CREATE INDEX "Task_finished_item" ON "Task" ("itemId") WHERE "state" = 'COMPLETED';
CREATE INDEX "Task_filePath" ON "Task" ("filePath") WHERE "filePath" IS NOT NULL;

-- A change's sequence is the id of the transaction that makes it. Ids are handed out before the commit, so a
-- reader's safe mark is not the highest id it saw but the lowest one still in flight: see store/sequence.ts.
-- Columns that only the dispatcher and the leases use are no news to a reader and do not count as a change.
CREATE FUNCTION stamp_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."sequence" := pg_current_xact_id()::text::bigint;
  NEW."updatedAt" := clock_timestamp();
  IF NEW."state" NOT IN ('COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED') THEN
    NEW."finishedAt" := NULL;
  ELSIF NEW."finishedAt" IS NULL THEN
    NEW."finishedAt" := clock_timestamp();
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stamp_task BEFORE INSERT OR UPDATE OF
  "state", "priority", "attempt", "progress", "total", "succeeded", "skipped", "failed", "cancelled", "title",
  "errorCode", "errorMessage", "retryAt", "dismissedAt", "startedAt", "finishedAt"
  ON "Task" FOR EACH ROW EXECUTE FUNCTION stamp_task();

-- NOTIFY is delivered when the transaction commits, and to every process: nobody has to remember to publish,
-- and no crash can come between the change and its news. A payload is at most 8,000 bytes: 40 facts a message.
CREATE FUNCTION announce_tasks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('reprise', json_build_object('name', 'task.changed', 'items', json_agg(c.fact))::text)
  FROM (
    SELECT json_build_object('taskId', "id", 'ownerId', "ownerId", 'parentId', "parentId", 'state', "state") AS fact,
           row_number() OVER (ORDER BY "parentId", "position") / 40 AS message
    FROM changed WHERE "sequence" = pg_current_xact_id()::text::bigint
  ) c GROUP BY c.message;
  RETURN NULL;
END $$;
CREATE TRIGGER announce_inserted_tasks AFTER INSERT ON "Task"
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION announce_tasks();
CREATE TRIGGER announce_updated_tasks AFTER UPDATE ON "Task"
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION announce_tasks();

CREATE TABLE "LibraryFile" (
  "id"          TEXT NOT NULL PRIMARY KEY,
  "path"        TEXT NOT NULL,
  "sizeBytes"   BIGINT NOT NULL,
  "modifiedAt"  TIMESTAMPTZ(3) NOT NULL,
  "scannedAt"   TIMESTAMPTZ(3) NOT NULL,
  "problem"     TEXT,
  "title"       TEXT NOT NULL DEFAULT '',
  "artists"     TEXT[],
  "albumArtist" TEXT NOT NULL DEFAULT '',
  "album"       TEXT NOT NULL DEFAULT '',
  "albumId"     TEXT,
  "artistIds"   TEXT[],
  "isrc"        TEXT,
  "upc"         TEXT,
  "durationMs"  INTEGER NOT NULL DEFAULT 0,
  "trackNumber" INTEGER,
  "trackTotal"  INTEGER,
  "discNumber"  INTEGER,
  "discTotal"   INTEGER,
  "releaseDate" TEXT,
  "genres"      TEXT[],
  "label"       TEXT,
  "copyright"   TEXT,
  "licence"     TEXT,
  "codec"       TEXT,
  "bitrateKbps" INTEGER,
  "searchText"  TEXT NOT NULL DEFAULT '',
  "titleKey"    TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX "LibraryFile_path_key" ON "LibraryFile" ("path");
CREATE INDEX "LibraryFile_albumId_idx" ON "LibraryFile" ("albumId");
CREATE INDEX "LibraryFile_isrc_idx" ON "LibraryFile" ("isrc");
CREATE INDEX "LibraryFile_titleKey_idx" ON "LibraryFile" ("titleKey");
CREATE INDEX "LibraryFile_artistIds" ON "LibraryFile" USING GIN ("artistIds");
