-- What catalogues elsewhere answered, so that the same is not asked twice (catalog/catalog-cache.ts). Text, and not
-- JSONB, because nothing looks into it here, and JSONB refuses some characters that titles may have.
CREATE TABLE "CatalogAnswer" (
  "question" TEXT NOT NULL PRIMARY KEY,
  "answer"   TEXT NOT NULL,
  "askedAt"  TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "CatalogAnswer_askedAt_idx" ON "CatalogAnswer" ("askedAt");
