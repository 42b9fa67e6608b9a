CREATE TYPE "WatchKind" AS ENUM ('PLAYLIST', 'ARTIST');
CREATE TYPE "WatchOutcome" AS ENUM ('UNCHANGED', 'CHECKED', 'FOUND', 'FAILED');
CREATE TYPE "MemberState" AS ENUM ('MISSING', 'QUEUED', 'KNOWN', 'FAILED', 'EXCLUDED', 'UNAVAILABLE');
CREATE TYPE "MemberOrigin" AS ENUM ('FIRST', 'ADDED', 'REQUESTED');

CREATE TABLE "Watch" (
  "id"               UUID NOT NULL PRIMARY KEY,
  "kind"             "WatchKind" NOT NULL,
  "ownerId"          UUID NOT NULL REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "itemId"           TEXT NOT NULL,
  "title"            TEXT NOT NULL,
  "item"             JSONB NOT NULL,
  "downloadExisting" BOOLEAN NOT NULL,
  "downloadNew"      BOOLEAN NOT NULL,
  "albumGroups"      TEXT[],
  "paused"           BOOLEAN NOT NULL DEFAULT false,
  "expiresAt"        TIMESTAMPTZ(3),
  "snapshotId"       TEXT,
  "readAt"           TIMESTAMPTZ(3),
  "nextCheckAt"      TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "startedAt"        TIMESTAMPTZ(3),
  "lastCheckedAt"    TIMESTAMPTZ(3),
  "outcome"          "WatchOutcome",
  "foundCount"       INTEGER NOT NULL DEFAULT 0,
  "notice"           TEXT,
  "failures"         INTEGER NOT NULL DEFAULT 0,
  "errorCode"        TEXT,
  "errorMessage"     TEXT,
  "checkTaskId"      UUID REFERENCES "Task" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
  "createdAt"        TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "sequence"         BIGINT NOT NULL DEFAULT 0
);
-- Two things of a catalog may have the same id, as those of Deezer do.
CREATE UNIQUE INDEX "Watch_ownerId_kind_itemId_key" ON "Watch" ("ownerId", "kind", "itemId");
CREATE INDEX "Watch_nextCheckAt_idx" ON "Watch" ("nextCheckAt");
CREATE INDEX "Watch_checkTaskId" ON "Watch" ("checkTaskId") WHERE "checkTaskId" IS NOT NULL;

CREATE TABLE "WatchMember" (
  "watchId"   UUID NOT NULL REFERENCES "Watch" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "itemId"    TEXT NOT NULL,
  "title"     TEXT NOT NULL,
  "positions" INTEGER[],
  "origin"    "MemberOrigin" NOT NULL,
  "state"     "MemberState" NOT NULL DEFAULT 'MISSING',
  "stateAt"   TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "attempts"  INTEGER NOT NULL DEFAULT 0,
  "taskId"    UUID REFERENCES "Task" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
  "addedAt"   TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "removedAt" TIMESTAMPTZ(3),
  PRIMARY KEY ("watchId", "itemId")
);
CREATE INDEX "WatchMember_itemId_idx" ON "WatchMember" ("itemId");
CREATE INDEX "WatchMember_taskId" ON "WatchMember" ("taskId") WHERE "taskId" IS NOT NULL;
CREATE INDEX "WatchMember_open" ON "WatchMember" ("watchId", "state") WHERE "state" <> 'KNOWN';

-- A check asks which of its items are on their way already.
CREATE INDEX "Task_active_item" ON "Task" ("itemId") WHERE "state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED');

CREATE FUNCTION announce_watch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('reprise', '{"name":"watch.changed","items":[{}]}');
  RETURN NULL;
END $$;
-- When the next check is due, or began, is no change that a reader follows.
CREATE TRIGGER stamp_watch BEFORE INSERT OR UPDATE OF "lastCheckedAt", "outcome", "failures", "errorMessage", "paused",
  "expiresAt", "downloadExisting", "downloadNew", "albumGroups" ON "Watch"
  FOR EACH ROW EXECUTE FUNCTION stamp_sequence();
CREATE TRIGGER announce_watch AFTER INSERT OR DELETE OR UPDATE OF "lastCheckedAt", "outcome", "failures", "errorMessage",
  "paused", "expiresAt", "downloadExisting", "downloadNew", "albumGroups" ON "Watch"
  FOR EACH ROW EXECUTE FUNCTION announce_watch();

-- Checks have a limit of their own: a catalog that answers slowly must not keep albums from being expanded.
DROP INDEX "Task_waiting_parents";
DROP INDEX "Task_started_parents";
CREATE INDEX "Task_waiting_parents" ON "Task" ("ownerId", "priority" DESC, "createdAt", "position")
  WHERE "state" = 'QUEUED' AND "dispatchedAt" IS NULL AND "kind" <> 'TRACK' AND "kind" <> 'WATCH_CHECK';
CREATE INDEX "Task_waiting_checks" ON "Task" ("ownerId", "priority" DESC, "createdAt", "position")
  WHERE "state" = 'QUEUED' AND "dispatchedAt" IS NULL AND "kind" = 'WATCH_CHECK';
CREATE INDEX "Task_started_parents" ON "Task" ("ownerId")
  WHERE "state" = 'RUNNING' AND "leaseUntil" IS NOT NULL AND "kind" <> 'TRACK' AND "kind" <> 'WATCH_CHECK';
CREATE INDEX "Task_started_checks" ON "Task" ("ownerId")
  WHERE "state" = 'RUNNING' AND "leaseUntil" IS NOT NULL AND "kind" = 'WATCH_CHECK';
-- The earlier checks of one watch, which are few and deleted when new ones come.
CREATE INDEX "Task_checks" ON "Task" ("ownerId", "itemId", "createdAt") WHERE "kind" = 'WATCH_CHECK';
