-- Few tasks have an error: without an index, a list of one code reads all of them.
CREATE INDEX "Task_errorCode" ON "Task" ("errorCode", "createdAt" DESC, "id" DESC) WHERE "errorCode" IS NOT NULL;
