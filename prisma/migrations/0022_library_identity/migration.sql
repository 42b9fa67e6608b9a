-- Albums and artists of the library get rows of their own: which files are one album depends on all of them, and the
-- best match of a search is not found by reading every file. Those that are known are grouped by the next scan; it
-- reads the files again, too, since their "factsVersion" is an earlier one.
ALTER TABLE "LibraryFile"
  ADD COLUMN "factsVersion"   INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "folder"         TEXT NOT NULL DEFAULT '',
  ADD COLUMN "albumKey"       TEXT NOT NULL DEFAULT '',
  ADD COLUMN "albumArtistTag" TEXT NOT NULL DEFAULT '',
  ADD COLUMN "releaseId"      TEXT,
  ADD COLUMN "grouped"        BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "copyOfId"       TEXT,
  ADD COLUMN "awaySince"      TIMESTAMPTZ(3);

UPDATE "LibraryFile" SET
  "folder" = regexp_replace("path", '[/\\][^/\\]*$', ''),
  "albumKey" = lower("album"),
  "albumArtistTag" = "albumArtist",
  "searchText" = ' ' || replace(replace("searchText", E'\n', E' \n '), E'\t', E' \t ') || ' ';

CREATE INDEX "LibraryFile_albumKey_idx" ON "LibraryFile" ("albumKey");
CREATE INDEX "LibraryFile_releaseId" ON "LibraryFile" ("releaseId") WHERE "releaseId" IS NOT NULL;
CREATE INDEX "LibraryFile_upc" ON "LibraryFile" ("upc") WHERE "upc" IS NOT NULL;
CREATE INDEX "LibraryFile_copyOfId" ON "LibraryFile" ("copyOfId") WHERE "copyOfId" IS NOT NULL;
CREATE INDEX "LibraryFile_ungrouped" ON "LibraryFile" ("albumKey") WHERE NOT "grouped";
CREATE INDEX "LibraryFile_away" ON "LibraryFile" ("awaySince") WHERE "awaySince" IS NOT NULL;
CREATE INDEX "LibraryFile_searchText" ON "LibraryFile" USING GIN ("searchText" gin_trgm_ops) WHERE "problem" IS NULL;

CREATE TABLE "LibraryAlbum" (
  "id"          TEXT NOT NULL PRIMARY KEY,
  "title"       TEXT NOT NULL,
  "artistId"    TEXT NOT NULL,
  "artistName"  TEXT NOT NULL,
  "group"       TEXT NOT NULL,
  "trackTotal"  INTEGER NOT NULL,
  "discTotal"   INTEGER NOT NULL,
  "releaseDate" TEXT,
  "upc"         TEXT,
  "label"       TEXT,
  "copyright"   TEXT,
  "genres"      TEXT[],
  "searchText"  TEXT NOT NULL
);
CREATE INDEX "LibraryAlbum_searchText" ON "LibraryAlbum" USING GIN ("searchText" gin_trgm_ops);

CREATE TABLE "LibraryArtist" (
  "id"         TEXT NOT NULL PRIMARY KEY,
  "name"       TEXT NOT NULL,
  "genres"     TEXT[],
  "searchText" TEXT NOT NULL
);
CREATE INDEX "LibraryArtist_searchText" ON "LibraryArtist" USING GIN ("searchText" gin_trgm_ops);

-- What the last scan passed over: examples of each kind, and how many there were.
CREATE TABLE "LibraryProblem" (
  "kind"     TEXT NOT NULL,
  "position" INTEGER NOT NULL,
  "path"     TEXT NOT NULL,
  "problem"  TEXT NOT NULL,
  PRIMARY KEY ("kind", "position")
);
CREATE TABLE "LibraryProblemCount" (
  "kind"  TEXT NOT NULL PRIMARY KEY,
  "count" INTEGER NOT NULL
);
