-- What the dispatcher reads lies in indexes that hold nothing else, in the order in which it is read: a query that can
-- take its rows from one of them needs no statistics to be quick. Parents have indexes of their own, because "not a
-- track" is no range of an index on "kind".
DROP INDEX "Task_dispatch";
DROP INDEX "Task_busy";
CREATE INDEX "Task_waiting_tracks" ON "Task" ("ownerId", "priority" DESC, "createdAt", "position")
  WHERE "state" = 'QUEUED' AND "dispatchedAt" IS NULL AND "kind" = 'TRACK';
CREATE INDEX "Task_waiting_parents" ON "Task" ("ownerId", "priority" DESC, "createdAt", "position")
  WHERE "state" = 'QUEUED' AND "dispatchedAt" IS NULL AND "kind" <> 'TRACK';
CREATE INDEX "Task_started_tracks" ON "Task" ("ownerId")
  WHERE "state" = 'RUNNING' AND "leaseUntil" IS NOT NULL AND "kind" = 'TRACK';
CREATE INDEX "Task_started_parents" ON "Task" ("ownerId")
  WHERE "state" = 'RUNNING' AND "leaseUntil" IS NOT NULL AND "kind" <> 'TRACK';
CREATE INDEX "Task_dispatched" ON "Task" ("dispatchedAt")
  WHERE "state" = 'QUEUED' AND "dispatchedAt" IS NOT NULL;
DROP INDEX "Task_leaseUntil";
CREATE INDEX "Task_leased" ON "Task" ("leaseUntil") WHERE "state" = 'RUNNING' AND "leaseUntil" IS NOT NULL;
