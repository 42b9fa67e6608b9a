import { z } from 'zod';
import { MONTH_S, SETTINGS_ROWS, spotifyQuality, WATCH_SETTINGS_ROWS } from '../../settings/settings.js';
import { audioFormatSchema } from '../downloads/schemas.js';
import {
  bothSpellings,
  fieldSchemas,
  restSettings,
  type RestDifferences,
  type RestSetting,
} from '../rest-setting.js';

const nullableFormat = (description: string) => audioFormatSchema.nullable().meta({ description });
const nullableText = (description: string) => z.string().nullable().meta({ description });

/** An account that is null in GraphQL. */
function emptyForNone(description: string): RestDifferences[string] {
  return ({ read, fields }) => ({
    read: (value) => (value === '' ? null : read(value)),
    reword: (message) => message.replace(/\.$/, ', or empty.'),
    fields: Object.fromEntries(
      Object.keys(fields).map((key) => [
        key,
        { schema: z.string().meta({ description }), write: (value: unknown) => value ?? '' },
      ]),
    ),
  });
}

const SETTINGS_DIFFERENCES: RestDifferences = {
  catalog: () => ({
    read: (value) => (typeof value === 'string' ? value.toLowerCase() : undefined),
    rule: 'must be the name of a catalog.',
  }),
  spotifyAccount: emptyForNone('Name of the active Spotify account; empty for none.'),
  deezerAccount: emptyForNone('Name of the active Deezer account; empty for none.'),
  // Older clients know a quality below the lowest.
  spotifyQuality: ({ read }) => ({
    read: (value) =>
      read(typeof value === 'string' && /^low$/i.test(value) ? spotifyQuality.enum.NORMAL : value),
  }),
  format: ({ keys, read, rule }) => ({
    keys: [...keys, ...bothSpellings('fileFormat')],
    read: (value) => (value === null || value === '' ? 'KEEP' : read(value)),
    rule: rule.replace(/\.$/, ' or null.'),
    fields: {
      convertTo: {
        schema: nullableFormat('Audio format of downloaded files; null for that of the source.'),
        write: (value) => (value === 'KEEP' ? null : value),
      },
      fileFormat: {
        schema: nullableFormat('The same as convertTo, in lower case.'),
        write: (value) => (value === 'KEEP' ? null : String(value).toLowerCase()),
      },
    },
  }),
  bitrateKbps: ({ keys, read }) => ({
    keys: ['bitrate', ...keys],
    read: (value) => {
      if (value === '') return null;
      return read(typeof value === 'string' ? value.replace(/k$/i, '') : value);
    },
    rule: 'must be a bitrate such as 320k, or null.',
    fields: {
      bitrate: {
        schema: nullableText('For example `320k`; null for the default of the format.'),
        write: (value) => (typeof value === 'number' ? `${value}k` : null),
      },
    },
  }),
};

/** Clients know it by another name: the only one in responses, or the second. */
function renamed(name: string, { both = false } = {}): RestDifferences[string] {
  const camelCase = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return (setting) => {
    const { schema, write } = setting.fields[setting.name] ?? { schema: z.unknown(), write: String };
    const alias = { schema: schema.meta({ description: `The same as ${setting.name}.` }), write };
    return {
      keys: [...new Set([name, camelCase, ...setting.keys])],
      fields: both ? { ...setting.fields, [name]: alias } : { [name]: { schema, write } },
    };
  };
}

/** A time that is null in GraphQL. */
function zeroForNever({ read, fields, ...setting }: RestSetting): RestSetting {
  const schema = z.int().min(0).max(MONTH_S).meta({
    description:
      'Time after which a failed download is queued again; 0 for never. From 0 to 2,592,000 seconds. Default: 1800.',
  });
  return {
    ...setting,
    read: (value) => {
      const seconds = value === null ? undefined : read(value);
      return seconds === 0 ? null : seconds;
    },
    reword: (message) => message.replace('between 1 and', 'between 0 and'),
    fields: Object.fromEntries(
      Object.keys(fields).map((key) => [key, { schema, write: (value: unknown) => value ?? 0 }]),
    ),
  };
}

const WATCH_DIFFERENCES: RestDifferences = {
  watchPollIntervalSeconds: renamed('check_interval', { both: true }),
  maxConcurrentChecks: renamed('max_concurrent_checks'),
  retryFailedAfterSeconds: (setting) =>
    zeroForNever({ ...setting, ...renamed('retry_failed_after')(setting) }),
};

export const REST_SETTINGS = restSettings(SETTINGS_ROWS, SETTINGS_DIFFERENCES);
export const REST_WATCH_SETTINGS = restSettings(WATCH_SETTINGS_ROWS, WATCH_DIFFERENCES);

const watchSettings = z.object(fieldSchemas(REST_WATCH_SETTINGS));
export const watchSettingsSchema = watchSettings.meta({
  id: 'WatchSettings',
  description: 'The settings of watches in force.',
});

const settings = z.object({
  ...fieldSchemas(REST_SETTINGS),
  explicitFilter: z.boolean().meta({ description: 'Whether explicit tracks are refused.' }),
  watch: watchSettingsSchema,
  version: z.int().nonnegative().meta({ description: 'Rises with every change.' }),
});
export const settingsSchema = settings.meta({ id: 'Settings', description: 'The settings in force.' });

/** `ignored_keys` has the unknown keys of the request, if there are any. */
export const changedSettingsSchema = settings
  .extend({ ignored_keys: z.array(z.string()).optional() })
  .meta({ id: 'ChangedSettings', description: 'The settings after a change.' });
export const changedWatchSettingsSchema = watchSettings
  .extend({ message: z.string(), ignored_keys: z.array(z.string()).optional() })
  .meta({ id: 'ChangedWatchSettings', description: 'The settings of watches after a change.' });

const time = z.iso.datetime().nullable();
const providers = z.array(
  z
    .object({
      name: z.string(),
      enabled: z.boolean(),
      state: z.enum(['ready', 'limited', 'failing', 'disabled']),
      account: z.enum(['not_needed', 'missing', 'set']),
      setup: z.string().nullable().meta({ description: 'How to set it up; null if it is enabled.' }),
      limited_until: time.meta({ description: 'Until then nothing is requested from it.' }),
      last_success_at: time,
      last_error_at: time,
      last_error: z.string().nullable().meta({ description: 'Why the latest request failed that did.' }),
    })
    .meta({ id: 'ProviderStatus', description: 'State of a catalog or source.' }),
);

export const checkSchema = z
  .object({
    message: z.string(),
    valid: z.boolean(),
    config: settingsSchema,
    warnings: z.array(z.string()),
    catalogs: providers,
    sources: providers,
  })
  .meta({ id: 'SettingsCheck', description: 'Whether the settings in force work on this server.' });

export const validationSchema = z
  .object({
    valid: z.boolean(),
    message: z.string(),
    details: z.array(z.string()).nullable().meta({ description: 'The problems; null without problems.' }),
  })
  .meta({ id: 'SettingsValidation', description: 'Whether a change of settings is valid.' });
