import { z } from 'zod';
import type { Db } from '../database/prisma.js';
import { Prisma } from '../generated/prisma/client.js';

/* Times are the database's, which all processes share. */

export interface StoredToken {
  sealed: string | null;
  version: number;
  /** Null when the service has not refused one lately. */
  refusal: string | null;
}

/** Creates the row. */
export async function readToken(db: Db, id: string): Promise<StoredToken> {
  const read = async () => {
    const [row] = await db.$queryRaw<StoredToken[]>`
      SELECT "sealed", "version", CASE WHEN "refusedUntil" > clock_timestamp() THEN "refusal" END AS "refusal"
      FROM "ServiceToken" WHERE "id" = ${id}`;
    return row;
  };
  const found = await read();
  if (found) return found;
  await createRow(db, id);
  return (await read()) ?? { sealed: null, version: 0, refusal: null };
}

async function createRow(db: Db, id: string): Promise<void> {
  await db.$executeRaw`INSERT INTO "ServiceToken" ("id") VALUES (${id}) ON CONFLICT DO NOTHING`;
}

interface TokenVersion {
  id: string;
  version: number;
}

const secondsOf = (ms: number) => Prisma.sql`make_interval(secs => ${ms / 1000}::float8)`;

/** False when another process renews it, or has done so since it was read. */
export async function claimRenewal(db: Db, { id, version }: TokenVersion, leaseMs: number): Promise<boolean> {
  const count = await db.$executeRaw`
    UPDATE "ServiceToken" SET "renewingUntil" = clock_timestamp() + ${secondsOf(leaseMs)}
    WHERE "id" = ${id} AND "version" = ${version}
      AND coalesce("renewingUntil" <= clock_timestamp(), true) AND coalesce("refusedUntil" <= clock_timestamp(), true)`;
  return count === 1;
}

export async function storeToken(db: Db, { id, version }: TokenVersion, sealed: string): Promise<void> {
  await db.$executeRaw`
    UPDATE "ServiceToken" SET "sealed" = ${sealed}, "version" = "version" + 1,
      "renewingUntil" = NULL, "refusal" = NULL, "refusedUntil" = NULL
    WHERE "id" = ${id} AND "version" = ${version}`;
}

/** @param refused null when the service may issue one if asked again */
export async function endRenewal(
  db: Db,
  { id, version }: TokenVersion,
  refused: { message: string; forMs: number } | null,
): Promise<void> {
  await db.$executeRaw`
    UPDATE "ServiceToken" SET "renewingUntil" = NULL, "refusal" = ${refused?.message ?? null},
      "refusedUntil" = CASE WHEN ${refused !== null}::boolean THEN clock_timestamp() + ${secondsOf(refused?.forMs ?? 0)} END
    WHERE "id" = ${id} AND "version" = ${version}`;
}

export async function deleteToken(db: Db, id: string): Promise<void> {
  await db.serviceToken.deleteMany({ where: { id } });
}

const sizesSchema = z.record(z.string(), z.number()).catch({});

export async function readPageSizes(db: Db, id: string): Promise<Record<string, number>> {
  const row = await db.serviceToken.findUnique({ where: { id }, select: { pageSizes: true } });
  return sizesSchema.parse(row?.pageSizes);
}

export async function savePageSize(
  db: Db,
  id: string,
  { kind, size }: { kind: string; size: number },
): Promise<void> {
  await createRow(db, id);
  await db.$executeRaw`
    UPDATE "ServiceToken" SET "pageSizes" = "pageSizes" || jsonb_build_object(${kind}::text, ${size}::int)
    WHERE "id" = ${id}`;
}
