import { z } from 'zod';
import type { Db } from '../database/prisma.js';

const publicJwk = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() });

/** RFC 8037. */
export type PublicJwk = z.infer<typeof publicJwk>;

export interface StoredKey {
  /** `kid` of the tokens that it signed. */
  id: string;
  publicKey: PublicJwk;
  sealed: string;
  /** Null for the one that signs. */
  retiredAt: Date | null;
}

/** Over all processes, until the transaction ends. */
export async function lockSigningKeys(tx: Db): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext('reprise.signing-keys'))) AS taken`;
}

/** The one that signs first, without those that retired before `since`. */
export async function readSigningKeys(db: Db, since: Date): Promise<StoredKey[]> {
  const rows = await db.signingKey.findMany({
    where: { OR: [{ retiredAt: null }, { retiredAt: { gte: since } }] },
    orderBy: [{ retiredAt: { sort: 'desc', nulls: 'first' } }, { createdAt: 'desc' }],
  });
  return rows.map(({ id, publicKey, sealed, retiredAt }) => ({
    id,
    publicKey: publicJwk.parse(publicKey),
    sealed,
    retiredAt,
  }));
}

/** From now on the new key signs; of the others, those that retired before `since` go. */
export async function replaceSigningKey(
  tx: Db,
  { id, publicKey, sealed }: Omit<StoredKey, 'retiredAt'>,
  { now, since }: { now: Date; since: Date },
): Promise<void> {
  await tx.signingKey.deleteMany({ where: { retiredAt: { lt: since } } });
  await tx.signingKey.updateMany({ where: { retiredAt: null }, data: { retiredAt: now } });
  await tx.signingKey.create({ data: { id, publicKey, sealed, createdAt: now } });
}

interface Sealed {
  /** What was sealed, in words. */
  what: string;
  /** Of the sealing key. */
  keyId: string;
}

/** By which keys secrets that are needed are sealed. */
export function listSealed(db: Db): Promise<Sealed[]> {
  return db.$queryRaw<Sealed[]>`
    SELECT DISTINCT 'the key that signs tokens' AS "what", split_part("sealed", '.', 1) AS "keyId"
    FROM "SigningKey" WHERE "retiredAt" IS NULL
    UNION SELECT 'account ' || "service" || '/' || "name", split_part("sealed", '.', 1) FROM "Account"
    ORDER BY 1`;
}

export async function updateSealed(tx: Db, id: string, sealed: string): Promise<void> {
  await tx.signingKey.update({ where: { id }, data: { sealed } });
}

/** With these keys go all tokens that they signed. */
export async function deleteSigningKeys(tx: Db, ids: readonly string[]): Promise<void> {
  await tx.signingKey.deleteMany({ where: { id: { in: [...ids] } } });
}
