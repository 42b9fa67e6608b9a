import type { Prisma } from '../generated/prisma/client.js';
import type { SettingsSection } from '../generated/prisma/enums.js';
import type { Db } from '../database/prisma.js';

export type { SettingsSection };

/** What a section was changed to, as far as it differs from the defaults. */
export interface StoredSettings {
  version: number;
  document: Record<string, unknown>;
}

const NOTHING: StoredSettings = { version: 0, document: {} };

/** One change at a time, over all processes, until the transaction ends: none overwrites what it did not see. */
export async function lockSettings(tx: Db): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext('reprise.settings'))) AS taken`;
}

/** Version 0, with nothing in it, where nobody has changed anything. */
export async function readSettings(db: Db, section: SettingsSection): Promise<StoredSettings> {
  const newest = await db.settingsVersion.findFirst({
    where: { section },
    orderBy: { version: 'desc' },
    select: { version: true, document: true },
  });
  return newest ? { ...newest, document: newest.document as Record<string, unknown> } : NOTHING;
}

export async function writeSettings(
  tx: Db,
  section: SettingsSection,
  change: { document: Record<string, unknown>; changedById: string },
): Promise<number> {
  const { version } = await tx.settingsVersion.create({
    data: { section, ...change, document: change.document as Prisma.InputJsonObject },
    select: { version: true },
  });
  return version;
}
