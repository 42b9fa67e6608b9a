import { isInputObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { schema } from '../../src/schema.js';
import { ask } from '../kit/ask.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { serveOwnUser } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';

const UPDATE = graphql(`
  mutation UpdateSettings($input: SettingsInput!) {
    updateSettings(input: $input) {
      __typename
      ... on SettingsUpdated {
        settings {
          id
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

const UPDATE_WATCHES = graphql(`
  mutation UpdateWatchSettings($input: WatchSettingsInput!) {
    updateWatchSettings(input: $input) {
      __typename
      ... on WatchSettingsUpdated {
        settings {
          id
          retryFailedAfterSeconds
        }
      }
      ... on InvalidSettings {
        problems {
          message
        }
      }
    }
  }
`);

const CHECKS = graphql(`
  query Checks {
    checkSettings {
      __typename
      ... on SettingsCheck {
        valid
      }
      ... on Error {
        code
      }
    }
    validateSettings(input: { maxRetries: -1, spotifyAccount: "a/b" }) {
      __typename
      ... on SettingsCheck {
        problems {
          field
        }
      }
    }
    validateWatchSettings(input: { pageSize: 51 }) {
      __typename
      ... on SettingsCheck {
        problems {
          field
        }
      }
    }
    settings {
      id
      maxRetries
    }
  }
`);

const SETTINGS_NODE = graphql(`
  query SettingsNode($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Settings {
        maxRetries
        watch {
          id
        }
      }
      ... on WatchSettings {
        pageSize
      }
    }
  }
`);

function inputFieldsOf(name: string): object {
  const type = schema.getType(name);
  return isInputObjectType(type) ? type.getFields() : {};
}

/** The stored settings. */
const newest = async () =>
  (
    await app.deps.db.settingsVersion.findFirst({
      where: { section: 'DOWNLOADS' },
      orderBy: { version: 'desc' },
    })
  )?.document;

const matches = (all: object, part: object) =>
  Object.entries(part).every(([key, value]) => (all as Record<string, unknown>)[key] === value);

describe('updateSettings', () => {
  it('changes only what a generated client sets: null counts as omitted', async () => {
    const usual = { format: 'MP3' as const, bitrateKbps: 192, padNumberWidth: 4, spotifyAccount: 'me' };
    await app.execute(UPDATE, { input: usual });
    const unset = Object.fromEntries(Object.keys(inputFieldsOf('SettingsInput')).map((name) => [name, null]));
    expect(Object.keys(unset)).toEqual(
      expect.arrayContaining(['bitrateKbps', 'resetToDefault', 'setToNull']),
    );
    const { updateSettings } = await app.execute(UPDATE, { input: { ...unset, maxRetries: 7 } });
    expect(updateSettings).toMatchObject({
      __typename: 'SettingsUpdated',
      settings: { format: 'MP3', bitrateKbps: 192, padNumberWidth: 4, maxRetries: 7 },
    });
    expect(await newest()).toEqual({ ...usual, maxRetries: 7 });
    const none = await app.execute(UPDATE, { input: unset });
    expect(none).toEqual({ updateSettings });
  });

  it('puts settings back to their defaults, and sets them to null, only when asked to', async () => {
    const input = { format: 'OPUS' as const, bitrateKbps: 96, padNumberWidth: 5, maxRetries: 9 };
    await app.execute(UPDATE, { input });
    const reset = { resetToDefault: ['MAX_RETRIES' as const, 'FORMAT' as const], bitrateKbps: null };
    const setToNull = ['PAD_NUMBER_WIDTH' as const, 'BITRATE_KBPS' as const];
    const { updateSettings } = await app.execute(UPDATE, { input: { ...reset, setToNull } });
    expect(updateSettings).toMatchObject({
      settings: { format: 'KEEP', bitrateKbps: null, padNumberWidth: null, maxRetries: 3 },
    });
    expect(app.deps.settings().padNumberWidth).toBe('auto');
  });

  it('rejects a setting that is given and put back, or cleared, at once', async () => {
    const before = await newest();
    const { updateSettings } = await app.execute(UPDATE, {
      input: {
        maxRetries: 4,
        bitrateKbps: 128,
        resetToDefault: ['MAX_RETRIES'],
        setToNull: ['BITRATE_KBPS'],
      },
    });
    expect(updateSettings).toMatchObject({
      __typename: 'InvalidSettings',
      problems: expect.arrayContaining([
        {
          field: 'maxRetries',
          message: '"maxRetries" has a value and is in "resetToDefault"; only one of them is allowed.',
        },
        {
          field: 'bitrateKbps',
          message: '"bitrateKbps" has a value and is in "setToNull"; only one of them is allowed.',
        },
      ]) as object,
    });
    expect(await newest()).toEqual(before);
  });

  it('stops the retries of failed downloads by null', async () => {
    const never = await app.execute(UPDATE_WATCHES, { input: { setToNull: ['RETRY_FAILED_AFTER_SECONDS'] } });
    expect(never.updateWatchSettings).toMatchObject({ settings: { retryFailedAfterSeconds: null } });
    expect(app.deps.watchSettings().retryFailedAfterSeconds).toBeNull();
    const zero = await app.execute(UPDATE_WATCHES, { input: { retryFailedAfterSeconds: 0 } });
    expect(zero.updateWatchSettings).toMatchObject({
      problems: [
        {
          message:
            '"retryFailedAfterSeconds" is 0; it must be between 1 and 2592000. For never, use "setToNull: [RETRY_FAILED_AFTER_SECONDS]".',
        },
      ],
    });
    const usual = await app.execute(UPDATE_WATCHES, {
      input: { resetToDefault: ['RETRY_FAILED_AFTER_SECONDS'] },
    });
    expect(usual.updateWatchSettings).toMatchObject({ settings: { retryFailedAfterSeconds: 1_800 } });
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
    const { own: theirs } = await serveOwnUser(app);
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

describe('settings as nodes', () => {
  it('have permanent ids that node fetches', async () => {
    await app.execute(UPDATE, { input: { maxRetries: 12 } });
    expect((await app.execute(SETTINGS_NODE, { id: 'Settings:server' })).node).toEqual({
      __typename: 'Settings',
      id: 'Settings:server',
      maxRetries: 12,
      watch: { id: 'WatchSettings:server' },
    });
    const watches = await app.execute(SETTINGS_NODE, { id: 'WatchSettings:server' });
    expect(watches.node).toMatchObject({ id: 'WatchSettings:server', pageSize: 50 });
  });

  it('are what an update returns, so that a cache replaces them', async () => {
    const { updateSettings } = await app.execute(UPDATE, { input: { maxRetries: 13 } });
    expect(updateSettings).toMatchObject({ settings: { id: 'Settings:server', maxRetries: 13 } });
    const { updateWatchSettings } = await app.execute(UPDATE_WATCHES, { input: {} });
    expect(updateWatchSettings).toMatchObject({ settings: { id: 'WatchSettings:server' } });
  });

  it.each(['Settings:1', 'WatchSettings:', 'Settings:Settings:server'])('reject the id %s', async (id) => {
    const { data, errors } = await ask(app, SETTINGS_NODE, { id });
    expect(data).toEqual({ node: null });
    expect(errors).toMatchObject([{ path: 'node', code: 'INVALID_INPUT' }]);
    expect(errors[0]?.message).toContain(`"${id}" is not a valid`);
  });
});

describe('checks of settings', () => {
  it('report problems to an admin', async () => {
    const checks = await app.execute(CHECKS);
    expect(checks.checkSettings).toEqual({ __typename: 'SettingsCheck', valid: true });
    expect(checks.validateSettings).toMatchObject({
      problems: [{ field: 'spotifyAccount' }, { field: 'maxRetries' }],
    });
    expect(checks.validateWatchSettings).toMatchObject({ problems: [{ field: 'pageSize' }] });
  });

  it('are Forbidden for others, who still get the rest of the operation', async () => {
    const { own: theirs } = await serveOwnUser(app);
    const { settings, ...checks } = await theirs.execute(CHECKS);
    expect(settings.id).toBe('Settings:server');
    expect(checks).toEqual({
      checkSettings: { __typename: 'Forbidden', code: 'FORBIDDEN' },
      validateSettings: { __typename: 'Forbidden' },
      validateWatchSettings: { __typename: 'Forbidden' },
    });
  });
});
