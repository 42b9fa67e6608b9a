-- A playlist's m3u8 is written once it has ended, and anew when it ends again after a retry. That it is still to be
-- written is a fact of the row, so that no crash between the end and the file loses it.
ALTER TABLE "Task" ADD COLUMN "playlistFile" TEXT, ADD COLUMN "playlistFileAt" TIMESTAMPTZ(3);
-- Those of earlier versions had none, and need none.
UPDATE "Task" SET "playlistFileAt" = clock_timestamp() WHERE "kind" = 'PLAYLIST' AND "finishedAt" IS NOT NULL;
CREATE INDEX "Task_playlist_unwritten" ON "Task" ("finishedAt")
  WHERE "kind" = 'PLAYLIST' AND "finishedAt" IS NOT NULL AND "playlistFileAt" IS NULL;

CREATE OR REPLACE FUNCTION stamp_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."sequence" := pg_current_xact_id()::text::bigint;
  NEW."updatedAt" := clock_timestamp();
  IF NEW."state" NOT IN ('COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED') THEN
    NEW."finishedAt" := NULL;
    NEW."playlistFileAt" := NULL;
  ELSIF NEW."finishedAt" IS NULL THEN
    NEW."finishedAt" := clock_timestamp();
  END IF;
  RETURN NEW;
END $$;
