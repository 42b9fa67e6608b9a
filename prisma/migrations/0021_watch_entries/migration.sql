-- Entries of a list while a check reads it. Unlogged: a check that a crash has cut short reads the list again.
CREATE UNLOGGED TABLE "WatchEntry" (
  "watchId"   UUID NOT NULL REFERENCES "Watch" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "readingId" UUID NOT NULL,
  "itemId"    TEXT NOT NULL,
  "positions" INTEGER[],
  "listed"    JSONB NOT NULL,
  "item"      JSONB,
  PRIMARY KEY ("watchId", "readingId", "itemId")
);

-- A live feed reads the watches that changed since it read last.
CREATE INDEX "Watch_sequence_idx" ON "Watch" ("sequence");
