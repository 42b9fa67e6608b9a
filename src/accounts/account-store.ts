import { z } from 'zod';
import type { Db } from '../database/prisma.js';
import { Prisma } from '../generated/prisma/client.js';
import { AccountNameTakenError, AccountNotFoundError } from './errors.js';

/** Access to a catalog or source that the owner has there, without its secrets. */
export interface Account {
  id: string;
  service: string;
  name: string;
  region: string | null;
  /** What may be shown of each secret that it has, by the secret's name. */
  hints: Record<string, string>;
  createdAt: Date;
  updatedAt: Date;
}

export interface SealedAccount extends Account {
  sealed: string;
}

/** By its id, or by its service and name. */
export type AccountKey = { id: string } | { service: string; name: string };

const FIELDS = {
  ...{ id: true, service: true, name: true, region: true, hints: true },
  ...{ createdAt: true, updatedAt: true },
} as const;

const hintsSchema = z.record(z.string(), z.string());

const withHints = <Row extends { hints: unknown }>(row: Row) => ({
  ...row,
  hints: hintsSchema.parse(row.hints),
});

const whereOf = (key: AccountKey) => ('id' in key ? key : { service_name: key });

export async function listAccounts(db: Db, services: readonly string[]): Promise<Account[]> {
  const rows = await db.account.findMany({
    where: { service: { in: [...services] } },
    orderBy: [{ service: 'asc' }, { name: 'asc' }],
    select: FIELDS,
  });
  return rows.map(withHints);
}

export async function findAccount(db: Db, key: AccountKey): Promise<Account | null> {
  const row = await db.account.findUnique({ where: whereOf(key), select: FIELDS });
  return row && withHints(row);
}

export async function findSealedAccount(db: Db, key: AccountKey): Promise<SealedAccount | null> {
  const row = await db.account.findUnique({ where: whereOf(key) });
  return row && withHints(row);
}

/** Throws AccountNotFoundError. */
export async function getSealedAccount(db: Db, key: AccountKey): Promise<SealedAccount> {
  const found = await findSealedAccount(db, key);
  if (found) return found;
  throw new AccountNotFoundError('id' in key ? key.id : `${key.service}/${key.name}`);
}

export async function listRegions(db: Db, services: readonly string[]): Promise<(string | null)[]> {
  const rows = await db.account.findMany({
    where: { service: { in: [...services] }, region: { not: null } },
    orderBy: { createdAt: 'asc' },
    select: { region: true },
  });
  return rows.map(({ region }) => region);
}

export function countAccounts(db: Db, service: string): Promise<number> {
  return db.account.count({ where: { service } });
}

/** Throws AccountNameTakenError; the transaction is over then. */
export async function insertAccount(
  tx: Db,
  account: Omit<SealedAccount, 'createdAt' | 'updatedAt'>,
): Promise<Account> {
  try {
    return withHints(await tx.account.create({ data: account, select: FIELDS }));
  } catch (thrown) {
    if (!(thrown instanceof Prisma.PrismaClientKnownRequestError) || thrown.code !== 'P2002') throw thrown;
    throw new AccountNameTakenError(account.service, account.name);
  }
}

export async function changeAccount(
  tx: Db,
  { id, ...data }: Pick<SealedAccount, 'id' | 'region' | 'sealed' | 'hints'>,
): Promise<Account> {
  return withHints(await tx.account.update({ where: { id }, data, select: FIELDS }));
}

export async function removeAccount(tx: Db, id: string): Promise<void> {
  await tx.account.delete({ where: { id } });
}

export async function listSealedAccounts(db: Db): Promise<SealedAccount[]> {
  const rows = await db.account.findMany({ orderBy: { id: 'asc' } });
  return rows.map(withHints);
}

/** False if somebody else has changed it meanwhile. When it was updated stays: nothing of it is new. */
export async function replaceSealed(
  db: Db,
  { id, sealed, updatedAt }: Pick<SealedAccount, 'id' | 'sealed' | 'updatedAt'>,
  replacement: string,
): Promise<boolean> {
  const { count } = await db.account.updateMany({
    where: { id, sealed },
    data: { sealed: replacement, updatedAt },
  });
  return count === 1;
}
