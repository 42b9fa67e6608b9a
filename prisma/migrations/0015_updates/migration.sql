-- Changes of settings and scans of the library carry the sequence that tasks have: one cursor serves all.
CREATE FUNCTION stamp_sequence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."sequence" := pg_current_xact_id()::text::bigint;
  RETURN NEW;
END $$;
ALTER TABLE "SettingsVersion" ADD COLUMN "sequence" BIGINT NOT NULL DEFAULT 0;
CREATE TRIGGER stamp_settings BEFORE INSERT ON "SettingsVersion"
  FOR EACH ROW EXECUTE FUNCTION stamp_sequence();

-- The last scan, or the one that runs.
CREATE TABLE "LibraryScan" (
  "id"           INTEGER NOT NULL PRIMARY KEY DEFAULT 1 CHECK ("id" = 1),
  "startedAt"    TIMESTAMPTZ(3) NOT NULL,
  "finishedAt"   TIMESTAMPTZ(3),
  "fileCount"    INTEGER NOT NULL,
  "problemCount" INTEGER NOT NULL,
  "sequence"     BIGINT NOT NULL DEFAULT 0
);
CREATE FUNCTION announce_library() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('reprise', '{"name":"library.changed","items":[{}]}');
  RETURN NULL;
END $$;
CREATE TRIGGER stamp_scan BEFORE INSERT OR UPDATE OF "startedAt", "finishedAt" ON "LibraryScan"
  FOR EACH ROW EXECUTE FUNCTION stamp_sequence();
CREATE TRIGGER announce_scan AFTER INSERT OR UPDATE OF "startedAt", "finishedAt" ON "LibraryScan"
  FOR EACH ROW EXECUTE FUNCTION announce_library();
