-- The id is made of the path, so one unique index is enough. With two, scans at once ended each other: a row that
-- was to be written over by its id first waited for another's at its path, and that one for it (deadlock detected).
DROP INDEX "LibraryFile_path_key";
CREATE INDEX "LibraryFile_path_idx" ON "LibraryFile" ("path");
