-- What the sources said that were tried before the one of the file.
ALTER TABLE "Task" ADD COLUMN "fileSourceNote" TEXT;
