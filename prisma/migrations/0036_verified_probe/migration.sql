-- A copy of a library file whose audio was decoded whole before is not probed again.
ALTER TABLE "LibraryFile" ADD COLUMN "verifiedProbe" TEXT;
