-- Waiting for a provider is no failure of a task, and uses none of its retries.
ALTER TABLE "Task" ADD COLUMN "waitingSince" TIMESTAMPTZ(3);

ALTER TABLE "RequestLimit"
  ADD COLUMN "lastSuccessAt" TIMESTAMPTZ(3),
  ADD COLUMN "lastErrorAt" TIMESTAMPTZ(3),
  ADD COLUMN "lastError" TEXT;

-- One row: what this installation was made with.
CREATE TABLE "Installation" (
  "id"      INTEGER NOT NULL DEFAULT 1 PRIMARY KEY CHECK ("id" = 1),
  "catalog" TEXT NOT NULL
);

-- Whoever has used the demo catalog without choosing one keeps it.
INSERT INTO "Installation" ("catalog") SELECT CASE
  WHEN EXISTS (SELECT FROM "Task") OR EXISTS (SELECT FROM "Watch") OR EXISTS (SELECT FROM "SettingsVersion")
  THEN 'demo' ELSE 'deezer' END;
