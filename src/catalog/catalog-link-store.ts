import type { Db } from '../database/prisma.js';
import type { CatalogItem } from './catalog-item.js';
import type { CatalogLink } from '../generated/prisma/client.js';

export type { CatalogLink };

/** Where remote catalogs have what has a code: remembered of every response, so that a list costs no request. */
export interface CatalogLinks {
  note(items: readonly CatalogItem[]): Promise<void>;
  /** One query for all that one tick asks for. */
  list(code: string): Promise<CatalogLink[]>;
}

/** Seen again within that time, a link is not written again. */
const REWRITTEN_AFTER = '7 days';

/** In one statement. Of several with one code in one catalog, the first that was seen stays while it is. */
export async function saveLinks(db: Db, links: readonly CatalogLink[]): Promise<void> {
  const column = <K extends keyof CatalogLink>(name: K) => links.map((link) => link[name]);
  await db.$executeRaw`
    INSERT INTO "CatalogLink" ("code", "catalog", "itemId", "url", "durationMs", "seenAt")
    SELECT DISTINCT ON (1, 2) * FROM unnest(${column('code')}::text[], ${column('catalog')}::text[],
      ${column('itemId')}::text[], ${column('url')}::text[], ${column('durationMs')}::float8[],
      ${column('seenAt')}::timestamptz[])
    ORDER BY 1, 2
    ON CONFLICT ("code", "catalog") DO UPDATE SET "itemId" = EXCLUDED."itemId", "url" = EXCLUDED."url",
      "durationMs" = EXCLUDED."durationMs", "seenAt" = EXCLUDED."seenAt"
    WHERE "CatalogLink"."seenAt" < EXCLUDED."seenAt" - ${REWRITTEN_AFTER}::interval`;
}

/** In the order of the codes. */
export async function listLinks(db: Db, codes: readonly string[]): Promise<CatalogLink[][]> {
  const rows = await db.catalogLink.findMany({ where: { code: { in: [...new Set(codes)] } } });
  return codes.map((code) => rows.filter((row) => row.code === code));
}

export async function deleteLinksUntil(db: Db, until: Date, limit: number): Promise<number> {
  return db.$executeRaw`
    DELETE FROM "CatalogLink" WHERE ("code", "catalog") IN (
      SELECT "code", "catalog" FROM "CatalogLink" WHERE "seenAt" <= ${until}
      ORDER BY "seenAt" LIMIT ${limit} FOR UPDATE SKIP LOCKED)`;
}
