-- Files of watches: the m3u8 of a list, and files of what left it.
ALTER TABLE "Watch"
  ADD COLUMN "removeFiles"  BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "readGroups"   TEXT[],
  ADD COLUMN "unnamedCount" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "playlistFile" TEXT,
  ADD COLUMN "fileSequence" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "fileProblem"  TEXT;
ALTER TABLE "WatchMember"
  ADD COLUMN "leavesAt" TIMESTAMPTZ(3),
  ADD COLUMN "sequence" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "Task" ADD COLUMN "trashedAt" TIMESTAMPTZ(3);

-- Tasks are deleted with the history; what a watch has on the disk is not.
CREATE TABLE "WatchFile" (
  "watchId"    UUID NOT NULL,
  "itemId"     TEXT NOT NULL,
  "path"       TEXT NOT NULL,
  "title"      TEXT NOT NULL,
  "artists"    TEXT[],
  "durationMs" BIGINT,
  "sizeBytes"  BIGINT,
  "made"       BOOLEAN NOT NULL,
  "trashPath"  TEXT,
  PRIMARY KEY ("watchId", "itemId", "path"),
  FOREIGN KEY ("watchId", "itemId") REFERENCES "WatchMember" ("watchId", "itemId") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "WatchFile_path_idx" ON "WatchFile" ("path");
CREATE INDEX "WatchFile_leaving" ON "WatchFile" ("watchId") WHERE "trashPath" IS NOT NULL;
CREATE INDEX "WatchMember_leaving" ON "WatchMember" ("watchId") WHERE "leavesAt" IS NOT NULL;
CREATE INDEX "WatchMember_watchId_sequence_idx" ON "WatchMember" ("watchId", "sequence");

-- What changes the m3u8.
CREATE TRIGGER stamp_new_member BEFORE INSERT ON "WatchMember"
  FOR EACH ROW EXECUTE FUNCTION stamp_sequence();
CREATE TRIGGER stamp_member BEFORE UPDATE OF "positions", "state", "removedAt" ON "WatchMember"
  FOR EACH ROW WHEN (OLD."positions" IS DISTINCT FROM NEW."positions"
    OR OLD."removedAt" IS DISTINCT FROM NEW."removedAt"
    OR (OLD."state" <> NEW."state" AND (OLD."state" IN ('KNOWN', 'FAILED') OR NEW."state" IN ('KNOWN', 'FAILED'))))
  EXECUTE FUNCTION stamp_sequence();

-- Below zero: to be written, and unlike any value that a worker may have read before.
CREATE FUNCTION forget_watch_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."fileSequence" := -(pg_current_xact_id()::text::bigint);
  RETURN NEW;
END $$;
CREATE TRIGGER forget_watch_file BEFORE UPDATE OF "title" ON "Watch"
  FOR EACH ROW WHEN (OLD."title" <> NEW."title") EXECUTE FUNCTION forget_watch_file();

-- A download of the whole playlist has written the same m3u8.
CREATE FUNCTION forget_watch_files() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "Watch" SET "fileSequence" = -(pg_current_xact_id()::text::bigint)
  WHERE "kind" = 'PLAYLIST' AND "itemId" = NEW."itemId";
  IF FOUND THEN
    PERFORM pg_notify('reprise', '{"name":"watch.changed","items":[{}]}');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER forget_watch_files AFTER UPDATE OF "playlistFileAt" ON "Task"
  FOR EACH ROW WHEN (NEW."kind" = 'PLAYLIST' AND NEW."playlistFileAt" IS NOT NULL) EXECUTE FUNCTION forget_watch_files();

-- Beside those that have a list of columns of their own. What is written again as it was is no change.
CREATE TRIGGER stamp_watch_files BEFORE UPDATE OF "removeFiles", "fileProblem", "playlistFile" ON "Watch"
  FOR EACH ROW WHEN (ROW(OLD."removeFiles", OLD."fileProblem", OLD."playlistFile")
    IS DISTINCT FROM ROW(NEW."removeFiles", NEW."fileProblem", NEW."playlistFile"))
  EXECUTE FUNCTION stamp_sequence();
CREATE TRIGGER announce_watch_files AFTER UPDATE OF "removeFiles", "fileProblem", "playlistFile" ON "Watch"
  FOR EACH ROW WHEN (ROW(OLD."removeFiles", OLD."fileProblem", OLD."playlistFile")
    IS DISTINCT FROM ROW(NEW."removeFiles", NEW."fileProblem", NEW."playlistFile"))
  EXECUTE FUNCTION announce_watch();
CREATE TRIGGER stamp_trashed_task BEFORE UPDATE OF "trashedAt" ON "Task"
  FOR EACH ROW EXECUTE FUNCTION stamp_task();
