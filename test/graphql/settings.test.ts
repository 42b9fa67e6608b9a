import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { createUser, serveWith } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';

const UPDATE = graphql(`
  mutation UpdateSettings($input: SettingsInput!) {
    updateSettings(input: $input) {
      __typename
      ... on SettingsUpdated {
        settings {
          version
          maxRetries
          padNumberWidth
          bitrateKbps
          format
        }
      }
      ... on InvalidSettings {
        code
        problems {
          field
          message
        }
      }
      ... on Forbidden {
        code
        message
      }
    }
  }
`);

const SETTINGS = graphql(`
  query Settings {
    settings {
      version
      maxRetries
      watch {
        enabled
      }
    }
  }
`);

let database: TestDatabase;
let app: TestApp;
let other: TestApp;
beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp({ database, env: { role: 'api' } });
  other = await startApp({ database, env: { role: 'api' } });
});
afterAll(async () => {
  await app.stop();
  await other.stop();
  await database.drop();
});

const matches = (all: object, part: object) =>
  Object.entries(part).every(([key, value]) => (all as Record<string, unknown>)[key] === value);

describe('updateSettings', () => {
  it('changes only the provided settings; null is a value where it is allowed', async () => {
    const input = { format: 'MP3' as const, bitrateKbps: 192, padNumberWidth: null, maxRetries: null };
    const { updateSettings } = await app.execute(UPDATE, { input });
    expect(updateSettings).toMatchObject({
      __typename: 'SettingsUpdated',
      settings: { format: 'MP3', bitrateKbps: 192, padNumberWidth: null, maxRetries: 3 },
    });
    const again = await app.execute(UPDATE, { input: { bitrateKbps: null, padNumberWidth: 2 } });
    expect(again.updateSettings).toMatchObject({ settings: { bitrateKbps: null, padNumberWidth: 2 } });
  });

  it('reports all problems, each with its setting', async () => {
    const { updateSettings } = await app.execute(UPDATE, { input: { maxRetries: -1, catalog: '' } });
    expect(updateSettings).toEqual({
      __typename: 'InvalidSettings',
      code: 'INVALID_SETTINGS',
      problems: [
        {
          field: 'catalog',
          message: expect.stringContaining('"catalog" must be the name of a catalog') as string,
        },
        { field: 'maxRetries', message: '"maxRetries" is -1; it must be between 0 and 100.' },
      ],
    });
  });

  it('is rejected for all but admins, while everyone may read', async () => {
    const theirs = await serveWith(app, { viewer: await createUser(app) });
    onTestFinished(() => theirs.stop());
    const { updateSettings } = await theirs.execute(UPDATE, { input: { maxRetries: 50 } });
    expect(updateSettings).toMatchObject({ __typename: 'Forbidden', code: 'FORBIDDEN' });
    expect((await theirs.execute(SETTINGS)).settings.maxRetries).not.toBe(50);
  });

  it('takes effect here at once, and in every other process', async () => {
    await app.execute(UPDATE, { input: { maxRetries: 42 } });
    expect(app.deps.settings().maxRetries).toBe(42);
    expect((await other.execute(SETTINGS)).settings.maxRetries).toBe(42);
    await waitFor(() => other.deps.settings().maxRetries === 42, { what: 'the other process to follow' });
  });

  it('records every change with its author, and nothing when no value changes', async () => {
    const rows = () => app.deps.db.settingsVersion.findMany({ orderBy: { version: 'asc' } });
    const before = await rows();
    await app.execute(UPDATE, { input: { maxRetries: 17 } });
    await app.execute(UPDATE, { input: { maxRetries: 17 } });
    await app.execute(UPDATE, { input: { maxRetries: 18 } });
    const made = (await rows()).slice(before.length);
    expect(made.map(({ document }) => document)).toMatchObject([{ maxRetries: 17 }, { maxRetries: 18 }]);
    expect(made.every(({ changedById }) => changedById === SYSTEM_VIEWER.id)).toBe(true);
    expect((await app.execute(SETTINGS)).settings.version).toBe(made[1]?.version);
  });

  it('loses nothing when two processes change different settings at once', async () => {
    const inputs = [
      { maxRetries: 23 },
      { retryDelaySeconds: 23 },
      { artistSeparator: ' | ' },
      { saveCover: false },
    ];
    const answers = await Promise.all(
      inputs.map((input, n) => (n % 2 ? app : other).execute(UPDATE, { input })),
    );
    for (const { updateSettings } of answers) expect(updateSettings.__typename).toBe('SettingsUpdated');
    const expected = Object.assign({}, ...inputs) as object;
    for (const { deps } of [app, other]) {
      await waitFor(() => matches(deps.settings(), expected), { what: 'all four changes to be in force' });
    }
  });

  it('takes effect after a failed read as soon as a read succeeds', async () => {
    const { db } = app.deps;
    await db.$transaction([
      db.$executeRaw`INSERT INTO "SettingsVersion" ("section", "document") VALUES ('DOWNLOADS', '{"maxRetries":31}')`,
      db.$executeRaw`ALTER TABLE "SettingsVersion" RENAME TO "Elsewhere"`,
    ]);
    await other.deps.reloadSettings();
    expect(other.deps.settings().maxRetries).not.toBe(31);
    await db.$executeRaw`ALTER TABLE "Elsewhere" RENAME TO "SettingsVersion"`;
    await waitFor(() => other.deps.settings().maxRetries === 31, { what: 'the change to be in force' });
  });

  it('rejects text that no database and no disk would accept', async () => {
    for (const text of ['\0', '\ud800', 'a\nb']) {
      const input = { customTrackFormat: `%music%${text}`, artistSeparator: text, downloadPath: `/x${text}` };
      const { updateSettings } = await app.execute(UPDATE, { input });
      expect(updateSettings).toMatchObject({ __typename: 'InvalidSettings' });
      if (updateSettings.__typename !== 'InvalidSettings') continue;
      const fields = updateSettings.problems.map(({ field }) => field).sort();
      expect(fields).toEqual(['artistSeparator', 'customTrackFormat', 'downloadPath']);
    }
  });

  it('survives a restart, and an unreadable key falls back to its default', async () => {
    await app.execute(UPDATE, { input: { maxRetries: 41 } });
    await app.deps.db.settingsVersion.create({
      data: { section: 'DOWNLOADS', document: { maxRetries: 40, saveCover: 'yes', colour: 'red' } },
    });
    const third = await startApp({ database, env: { role: 'api' } });
    onTestFinished(() => third.stop());
    expect(third.deps.settings()).toMatchObject({ maxRetries: 40, saveCover: true });
    expect(third.deps.settings()).not.toHaveProperty('colour');
  });
});
