CREATE TABLE "ServiceToken" (
  "id"            TEXT NOT NULL PRIMARY KEY,
  "sealed"        TEXT,
  "version"       INTEGER NOT NULL DEFAULT 0,
  "renewingUntil" TIMESTAMPTZ(3),
  "refusal"       TEXT,
  "refusedUntil"  TIMESTAMPTZ(3),
  "pageSizes"     JSONB NOT NULL DEFAULT '{}'
);
