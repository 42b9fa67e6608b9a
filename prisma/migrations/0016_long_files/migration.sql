-- A track may be 30 days long (maxTrackSeconds), which is more milliseconds than an INTEGER holds.
ALTER TABLE "Task" ALTER COLUMN "fileDurationMs" TYPE BIGINT;
