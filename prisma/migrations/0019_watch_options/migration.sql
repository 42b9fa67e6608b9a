CREATE TYPE "MemberExclusion" AS ENUM ('EXPLICIT', 'TITLE', 'DURATION');

ALTER TABLE "Watch"
  ADD COLUMN "checkIntervalSeconds" INTEGER,
  ADD COLUMN "download" JSONB NOT NULL DEFAULT '{}',
  ADD COLUMN "downloadPath" TEXT,
  ADD COLUMN "filter" JSONB NOT NULL DEFAULT '{}',
  ADD COLUMN "optionsVersion" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "WatchMember" ADD COLUMN "exclusion" "MemberExclusion";
UPDATE "WatchMember" SET "exclusion" = 'EXPLICIT' WHERE "state" = 'EXCLUDED';

-- Every change of the options counts up "optionsVersion".
DROP TRIGGER stamp_watch ON "Watch";
DROP TRIGGER announce_watch ON "Watch";
CREATE TRIGGER stamp_watch BEFORE INSERT OR UPDATE OF "lastCheckedAt", "outcome", "failures", "errorMessage", "paused",
  "expiresAt", "downloadExisting", "downloadNew", "albumGroups", "optionsVersion" ON "Watch"
  FOR EACH ROW EXECUTE FUNCTION stamp_sequence();
CREATE TRIGGER announce_watch AFTER INSERT OR DELETE OR UPDATE OF "lastCheckedAt", "outcome", "failures", "errorMessage",
  "paused", "expiresAt", "downloadExisting", "downloadNew", "albumGroups", "optionsVersion" ON "Watch"
  FOR EACH ROW EXECUTE FUNCTION announce_watch();

-- Directories besides that of the settings, in which unfinished files may lie.
CREATE INDEX "Task_downloadPath" ON "Task" (("options" ->> 'downloadPath'))
  WHERE "options" ->> 'downloadPath' IS NOT NULL;
