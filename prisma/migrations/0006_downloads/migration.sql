-- An artist's album that was on its way already when the artist was queued names the task that has it. Albums below an
-- artist have a "dedupeKey" from now on, so that the unique index of live ones decides, whichever came first.
ALTER TABLE "Task" ADD COLUMN "duplicateOfId" UUID REFERENCES "Task" ("id") ON DELETE SET NULL ON UPDATE CASCADE;
CREATE INDEX "Task_duplicateOfId" ON "Task" ("duplicateOfId") WHERE "duplicateOfId" IS NOT NULL;
