-- Workers that died while they ran a task are no failures of the task, and use none of its retries.
ALTER TABLE "Task" ADD COLUMN "deaths" INTEGER NOT NULL DEFAULT 0;
