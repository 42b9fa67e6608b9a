CREATE TABLE "CatalogLink" (
  "code"       TEXT NOT NULL,
  "catalog"    TEXT NOT NULL,
  "itemId"     TEXT NOT NULL,
  "url"        TEXT,
  "durationMs" DOUBLE PRECISION,
  "seenAt"     TIMESTAMPTZ(3) NOT NULL,
  PRIMARY KEY ("code", "catalog")
);

CREATE INDEX "CatalogLink_seenAt_idx" ON "CatalogLink"("seenAt");
