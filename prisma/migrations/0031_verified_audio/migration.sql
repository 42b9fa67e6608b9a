-- A copy of a library file whose audio was decoded whole before is not decoded again.
ALTER TABLE "LibraryFile" ADD COLUMN "verifiedSha256" TEXT, ADD COLUMN "verifiedMs" INTEGER;
CREATE INDEX "LibraryFile_unverified_idx" ON "LibraryFile" ("path") WHERE "verifiedSha256" IS NULL;
