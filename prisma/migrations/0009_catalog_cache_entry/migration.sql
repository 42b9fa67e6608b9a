-- Plain names for the cache of catalog responses. Renames only: no row is rewritten.
ALTER TABLE "CatalogAnswer" RENAME TO "CatalogCacheEntry";
ALTER TABLE "CatalogCacheEntry" RENAME COLUMN "question" TO "key";
ALTER TABLE "CatalogCacheEntry" RENAME COLUMN "answer" TO "value";
ALTER TABLE "CatalogCacheEntry" RENAME COLUMN "askedAt" TO "fetchedAt";
ALTER INDEX "CatalogAnswer_pkey" RENAME TO "CatalogCacheEntry_pkey";
ALTER INDEX "CatalogAnswer_askedAt_idx" RENAME TO "CatalogCacheEntry_fetchedAt_idx";
