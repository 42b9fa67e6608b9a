import { z } from 'zod';
import type { SettingsSection as SectionName } from '../generated/prisma/enums.js';
import type { Db } from '../database/prisma.js';
import { settingsTableOf, watchSettingsTable, type Settings, type WatchSettings } from './settings.js';

export interface SettingsSection<Values extends object> {
  name: SectionName;
  table: z.ZodType<Values>;
}

export function downloadSection(env: { downloadDir: string }): SettingsSection<Settings> {
  return { name: 'DOWNLOADS', table: settingsTableOf(env) };
}

export const WATCH_SECTION: SettingsSection<WatchSettings> = { name: 'WATCHES', table: watchSettingsTable };

/** Version 0 is before the first change. */
export interface VersionOf<Values> {
  values: Values;
  version: number;
}

/** The newest change of one section. */
export interface SettingsRow extends VersionOf<object> {
  key: SectionName;
  sequence: bigint;
}

export async function readSettingsRows(
  db: Db,
  sections: readonly SettingsSection<object>[],
): Promise<SettingsRow[]> {
  const rows = sections.map(async (section) => {
    const newest = await findNewest(db, section.name);
    const values = parseStored(section.table, newest?.document ?? {});
    return { key: section.name, values, version: newest?.version ?? 0, sequence: newest?.sequence ?? 0n };
  });
  return Promise.all(rows);
}

function findNewest(db: Db, section: SectionName) {
  return db.settingsVersion.findFirst({
    where: { section },
    orderBy: { version: 'desc' },
    select: { version: true, document: true, sequence: true },
  });
}

/** Over all processes, until the transaction ends: none overwrites what it did not see. */
export async function lockSettings(tx: Db): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext('reprise.settings'))) AS taken`;
}

export async function readSettings<Values extends object>(
  db: Db,
  section: SettingsSection<Values>,
): Promise<VersionOf<Values>> {
  const newest = await findNewest(db, section.name);
  return { values: parseStored(section.table, newest?.document ?? {}), version: newest?.version ?? 0 };
}

/** Only what differs from the defaults is stored, so that a new default reaches everyone. */
export async function writeSettings<Values extends object>(
  tx: Db,
  section: SettingsSection<Values>,
  change: { values: Values; changedById: string },
): Promise<number> {
  const { version } = await tx.settingsVersion.create({
    data: {
      section: section.name,
      document: json.parse(differences(change.values, section.table.parse({}))),
      changedById: change.changedById,
    },
    select: { version: true },
  });
  return version;
}

export function differences(values: object, others: object): Record<string, unknown> {
  const texts = new Map(Object.entries(others).map(([name, value]) => [name, JSON.stringify(value)]));
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => JSON.stringify(value) !== texts.get(name)),
  );
}

const json = z.record(z.string(), z.json());

/** Ignores an unknown name and an invalid value: an older or newer version may have written it. */
export function parseStored<Values>(table: z.ZodType<Values>, document: unknown): Values {
  const { data: stored = {} } = json.safeParse(document);
  const parsed = table.safeParse(stored);
  if (parsed.success) return parsed.data;
  const invalid = new Set(parsed.error.issues.map(({ path }) => path[0]));
  return table.parse(Object.fromEntries(Object.entries(stored).filter(([name]) => !invalid.has(name))));
}

/** What CATALOG is by default: installations that used the demo before Deezer became the default keep it. */
export async function readInstalledCatalog(db: Db): Promise<string> {
  const { catalog } = await db.installation.findUniqueOrThrow({ where: { id: 1 } });
  return catalog;
}
