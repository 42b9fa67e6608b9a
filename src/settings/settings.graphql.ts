import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { ForbiddenError } from '../auth/errors.js';
import {
  checkDownloadSettings,
  checkWatchSettings,
  findSettingsWarnings,
  updateDownloadSettings,
  updateWatchSettings,
} from './change-settings.js';
import { InvalidSettingsError, type SettingsProblem } from './errors.js';
import { downloadSection, readSettings, WATCH_SECTION } from './settings-store.js';
import { SETTINGS_ROWS, WATCH_SETTINGS_ROWS, type Settings, type WatchSettings } from './settings.js';
import { readChange, tableInput, tableNode, toTableNode, type TableNode } from './table-fields.graphql.js';

export const SettingsType = tableNode('Settings', {
  description: 'How music is downloaded, unless a download has options of its own.',
  rows: SETTINGS_ROWS,
  load: ({ db, env }) => readSettings(db, downloadSection(env)),
});

export const WatchSettingsType = tableNode('WatchSettings', {
  description: 'How watched playlists and artists are checked.',
  rows: WATCH_SETTINGS_ROWS,
  load: ({ db }) => readSettings(db, WATCH_SECTION),
});

builder.objectFields(SettingsType, (t) => ({
  explicitFilter: t.boolean({
    description: 'Whether explicit tracks are left out: EXPLICIT_FILTER of the environment.',
    resolve: (_settings, _args, { env }) => env.explicitFilter,
  }),
  watch: t.field({
    type: WatchSettingsType,
    description: 'The settings of watched playlists and artists.',
    resolve: async (_settings, _args, { db }) =>
      toTableNode('WatchSettings', await readSettings(db, WATCH_SECTION)),
  }),
}));

const SettingsInput = tableInput('SettingsInput', {
  description: 'The settings to change; omitted settings keep their value.',
  rows: SETTINGS_ROWS,
  enums: { reset: 'SettingsField', setToNull: 'NullableSettingsField' },
});

const WatchSettingsInput = tableInput('WatchSettingsInput', {
  description: 'The watch settings to change; omitted settings keep their value.',
  rows: WATCH_SETTINGS_ROWS,
  enums: { reset: 'WatchSettingsField', setToNull: 'NullableWatchSettingsField' },
});

const SettingsProblemType = builder.objectRef<SettingsProblem>('SettingsProblem').implement({
  description: 'A setting with an invalid value.',
  fields: (t) => ({
    field: t.exposeString('field', {
      nullable: true,
      description: 'Name of the setting, for example `maxRetries`; null when it is about no single one.',
    }),
    message: t.exposeString('message', { description: 'What is wrong and which values are allowed.' }),
  }),
});

builder.objectType(InvalidSettingsError, {
  name: 'InvalidSettings',
  description:
    'At least one setting would be invalid, so nothing was stored. Correct `problems` and try again.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    problems: t.field({
      type: [SettingsProblemType],
      description: 'Every setting that would be invalid.',
      resolve: ({ problems }) => [...problems],
    }),
  }),
});

const updatedType = (name: string, type: typeof SettingsType, texts: { whole: string; settings: string }) =>
  builder.objectRef<TableNode>(name).implement({
    description: texts.whole,
    fields: (t) => ({
      settings: t.field({
        type,
        description: texts.settings,
        resolve: (settings) => settings,
      }),
    }),
  });

builder.mutationFields((t) => ({
  updateSettings: t.field({
    authScopes: { ADMIN: true },
    type: updatedType('SettingsUpdated', SettingsType, {
      whole: 'The settings were stored and are in force.',
      settings: 'All download settings after the change.',
    }),
    description: 'Changes settings of downloads, on all processes at once.',
    args: {
      input: t.arg({
        type: SettingsInput,
        required: true,
        description: 'Download settings to change, with their new values.',
      }),
    },
    errors: {
      types: [InvalidSettingsError, ForbiddenError],
      union: {
        name: 'UpdateSettingsResult',
        description: 'The updated settings, or why they were rejected.',
      },
    },
    resolve: async (_root, { input }, context) => {
      const change = readChange<Settings>(SETTINGS_ROWS, input);
      return toTableNode('Settings', await updateDownloadSettings(context, context, change));
    },
  }),
  updateWatchSettings: t.field({
    authScopes: { ADMIN: true },
    type: updatedType('WatchSettingsUpdated', WatchSettingsType, {
      whole: 'The watch settings were stored and are in force.',
      settings: 'All watch settings after the change.',
    }),
    description: 'Changes settings of watches, on all processes at once.',
    args: {
      input: t.arg({
        type: WatchSettingsInput,
        required: true,
        description: 'Watch settings to change, with their new values.',
      }),
    },
    errors: {
      types: [InvalidSettingsError, ForbiddenError],
      union: {
        name: 'UpdateWatchSettingsResult',
        description: 'The updated watch settings, or why they were rejected.',
      },
    },
    resolve: async (_root, { input }, context) => {
      const change = readChange<WatchSettings>(WATCH_SETTINGS_ROWS, input);
      return toTableNode('WatchSettings', await updateWatchSettings(context, context, change));
    },
  }),
}));

interface Check {
  problems: SettingsProblem[];
  warnings: string[];
}

const SettingsCheckType = builder.objectRef<Check>('SettingsCheck').implement({
  description: 'Result of a check of settings; nothing was changed.',
  fields: (t) => ({
    valid: t.boolean({
      description: 'True if there are no problems; warnings do not count.',
      resolve: ({ problems }) => problems.length === 0,
    }),
    problems: t.field({
      type: [SettingsProblemType],
      description: 'Settings with invalid values; they would be rejected.',
      resolve: ({ problems }) => problems,
    }),
    warnings: t.exposeStringList('warnings', {
      description:
        'Valid settings that will not work on this server, for example a catalog that is not set up.',
    }),
  }),
});

const NO_CHANGE = { values: {}, reset: [], conflicts: [] };
const forbidden = (name: string, description: string) => ({
  types: [ForbiddenError],
  union: { name, description },
});

builder.queryFields((t) => ({
  settings: t.field({
    type: SettingsType,
    description: 'The settings in force, for every signed-in user to read.',
    resolve: async (_root, _args, { db, env }) =>
      toTableNode('Settings', await readSettings(db, downloadSection(env))),
  }),
  checkSettings: t.field({
    authScopes: { ADMIN: true },
    type: SettingsCheckType,
    description:
      'Checks whether the settings in force work on this server: catalog, audio format, download directory.',
    errors: forbidden(
      'CheckSettingsResult',
      'Problems and warnings of the settings in force, or why you may not see them.',
    ),
    resolve: async (_root, _args, context) => {
      const problems = await checkDownloadSettings(context, context.viewer, NO_CHANGE);
      const { values } = await readSettings(context.db, downloadSection(context.env));
      return { problems, warnings: await findSettingsWarnings(context, values) };
    },
  }),
}));

builder.queryFields((t) => ({
  validateSettings: t.field({
    authScopes: { ADMIN: true },
    type: SettingsCheckType,
    description: 'Checks a change of settings without making it.',
    args: {
      input: t.arg({
        type: SettingsInput,
        required: true,
        description: 'Download settings to check, with their new values.',
      }),
    },
    errors: forbidden(
      'ValidateSettingsResult',
      'Problems of a change of settings, or why you may not check it.',
    ),
    resolve: async (_root, { input }, context) => {
      const change = readChange<Settings>(SETTINGS_ROWS, input);
      return { problems: await checkDownloadSettings(context, context.viewer, change), warnings: [] };
    },
  }),
  validateWatchSettings: t.field({
    authScopes: { ADMIN: true },
    type: SettingsCheckType,
    description: 'Checks a change of watch settings without making it.',
    args: {
      input: t.arg({
        type: WatchSettingsInput,
        required: true,
        description: 'Watch settings to check, with their new values.',
      }),
    },
    errors: forbidden(
      'ValidateWatchSettingsResult',
      'Problems of a change of watch settings, or why you may not check it.',
    ),
    resolve: async (_root, { input }, context) => {
      const change = readChange<WatchSettings>(WATCH_SETTINGS_ROWS, input);
      return { problems: await checkWatchSettings(context, context.viewer, change), warnings: [] };
    },
  }),
}));
