-- For readers of live updates that were away when a watch was removed.
CREATE TABLE "RemovedWatch" (
  "id"        UUID NOT NULL PRIMARY KEY,
  "ownerId"   UUID NOT NULL REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "watch"     JSONB NOT NULL,
  "removedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "sequence"  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX "RemovedWatch_ownerId_idx" ON "RemovedWatch" ("ownerId");
CREATE INDEX "RemovedWatch_sequence_idx" ON "RemovedWatch" ("sequence");

-- Those of an owner who is deleted with them are not kept.
CREATE FUNCTION keep_removed_watches() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "RemovedWatch" WHERE "id" IN (
    SELECT "id" FROM "RemovedWatch" WHERE "removedAt" < now() - interval '7 days' FOR UPDATE SKIP LOCKED);
  INSERT INTO "RemovedWatch" ("id", "ownerId", "watch", "sequence")
    SELECT removed."id", removed."ownerId", to_jsonb(removed), pg_current_xact_id()::text::bigint
    FROM removed JOIN "User" ON "User"."id" = removed."ownerId"
    ON CONFLICT ("id") DO UPDATE
      SET "watch" = EXCLUDED."watch", "removedAt" = EXCLUDED."removedAt", "sequence" = EXCLUDED."sequence";
  RETURN NULL;
END $$;
CREATE TRIGGER keep_removed_watches AFTER DELETE ON "Watch" REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION keep_removed_watches();
