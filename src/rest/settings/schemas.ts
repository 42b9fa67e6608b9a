import { z } from 'zod';
import {
  describeWithDefault,
  wordsOf,
  type TableRow,
  type ValueForm,
} from '../../settings/settings-table.js';
import { SETTINGS_ROWS, spotifyQuality, WATCH_SETTINGS_ROWS } from '../../settings/settings.js';
import { audioFormatSchema } from '../downloads/schemas.js';

/** A setting in requests and responses. */
export interface RestSetting {
  name: string;
  /** Its names in a request. */
  keys: readonly string[];
  /** Undefined for a value that cannot be read. */
  read(value: unknown): unknown;
  /** Completes `"name" …`. */
  rule: string;
  /** Its names in a response. */
  fields: Record<string, RestField>;
}

interface RestField {
  schema: z.ZodType;
  write(value: unknown): unknown;
}

type Reader = Pick<RestSetting, 'read' | 'rule'>;

/** `maxRetries` and `max_retries`. */
function bothSpellings(name: string): string[] {
  return [...new Set([name, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)])];
}

const FLAGS = new Map([
  ['true', true],
  ['false', false],
]);

const FLAG: Reader = {
  read: (value) => {
    if (typeof value === 'boolean') return value;
    return typeof value === 'string' ? FLAGS.get(value.toLowerCase()) : undefined;
  },
  rule: 'must be true or false.',
};

const NUMBER: Reader = {
  read: (value) => {
    // JSON.parse reads a number that is too large as Infinity.
    if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
    return typeof value === 'string' && /^-?\d{1,12}(\.\d{1,6})?$/.test(value) ? Number(value) : undefined;
  },
  rule: 'must be a number.',
};

/** Of GraphQL. */
const MAX_INT = 2 ** 31 - 1;

const WHOLE_NUMBER: Reader = {
  read: (value) => {
    const number = NUMBER.read(value);
    return Number.isSafeInteger(number) && Math.abs(Number(number)) <= MAX_INT ? number : undefined;
  },
  rule: 'must be a whole number.',
};

const TEXT: Reader = {
  read: (value) => (value === null ? '' : typeof value === 'string' ? value : undefined),
  rule: 'must be a text.',
};

/** In upper or lower case. */
function oneOf(words: readonly string[]): Reader {
  return {
    read: (value) =>
      typeof value === 'string' ? words.find((word) => word === value.toUpperCase()) : undefined,
    rule: `must be one of ${words.join(', ').toLowerCase()}.`,
  };
}

function someOf(words: readonly string[]): Reader {
  const { read } = oneOf(words);
  return {
    read: (value) => {
      const found = Array.isArray(value) ? value.map(read) : [undefined];
      return found.includes(undefined) ? undefined : found;
    },
    rule: `must be a list of ${words.join(', ').toLowerCase()}.`,
  };
}

function readerOf(form: ValueForm): Reader {
  switch (form.type) {
    case 'boolean':
      return FLAG;
    case 'text':
      return TEXT;
    case 'float':
      return NUMBER;
    case 'int':
      return WHOLE_NUMBER;
    case 'enum':
      return oneOf(wordsOf(form));
    case 'list':
      return someOf(wordsOf(form));
  }
}

function schemaOf({ name, form }: TableRow): z.ZodType {
  const id = name.replace(/^[a-z]/, (letter) => letter.toUpperCase());
  switch (form.type) {
    case 'boolean':
      return z.boolean();
    case 'text':
      return z.string();
    case 'enum':
      return form.choices.meta({ id, description: `Values of the setting \`${name}\`.` });
    case 'list':
      return z.array(
        z
          .enum(wordsOf(form).map((word) => word.toLowerCase()))
          .meta({ id, description: `Values in the setting \`${name}\`.` }),
      );
    case 'int':
    case 'float': {
      const whole = form.type === 'int';
      const { min = null, max = null } = form.range ?? {};
      const number = whole
        ? z
            .int()
            .min(min ?? -MAX_INT)
            .max(max ?? MAX_INT)
        : z.number();
      const atLeast = min === null ? number : number.min(min);
      return max === null ? atLeast : atLeast.max(max);
    }
  }
}

/** A word beside numbers is null in GraphQL, a list is in lower case here. */
function toRestSetting(row: TableRow): RestSetting {
  const { name, form } = row;
  const { nullable, word } = form;
  const reader = readerOf(form);
  const schema = word === null ? schemaOf(row) : z.union([schemaOf(row), z.literal(word)]);
  return {
    name,
    keys: bothSpellings(name),
    read: (value) => {
      if (word !== null && String(value).toLowerCase() === word) return null;
      return nullable && value === null ? null : reader.read(value);
    },
    rule: word === null ? reader.rule : reader.rule.replace(/\.$/, ` or "${word}".`),
    fields: {
      [name]: {
        schema: (nullable ? schema.nullable() : schema).meta({ description: describeWithDefault(row) }),
        write: (value) => {
          if (form.type === 'list')
            return z
              .array(z.string())
              .parse(value)
              .map((each) => each.toLowerCase());
          return value ?? word;
        },
      },
    },
  };
}

/** What a table entry does not say: where the names and forms of rest-contract §7 differ. */
type RestDifferences = Record<string, (setting: RestSetting) => Partial<RestSetting>>;

const nullableFormat = (description: string) => audioFormatSchema.nullable().meta({ description });
const nullableText = (description: string) => z.string().nullable().meta({ description });

const SETTINGS_DIFFERENCES: RestDifferences = {
  service: () => ({
    read: (value) => (typeof value === 'string' ? value.toLowerCase() : undefined),
    rule: 'must be the name of a catalog.',
  }),
  // Older clients know a quality below the lowest.
  spotifyQuality: ({ read }) => ({
    read: (value) =>
      read(typeof value === 'string' && /^low$/i.test(value) ? spotifyQuality.enum.NORMAL : value),
  }),
  convertTo: ({ keys, read, rule }) => ({
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

const WATCH_DIFFERENCES: RestDifferences = {
  watchPollIntervalSeconds: renamed('check_interval', { both: true }),
  maxConcurrentChecks: renamed('max_concurrent_checks'),
  retryFailedAfterSeconds: renamed('retry_failed_after'),
};

export function restSettings(rows: readonly TableRow[], differences: RestDifferences = {}): RestSetting[] {
  return rows.map((row) => {
    const setting = toRestSetting(row);
    return { ...setting, ...differences[row.name]?.(setting) };
  });
}

export function fieldSchemas(settings: readonly RestSetting[]): Record<string, z.ZodType> {
  const fields = settings.flatMap((setting) => Object.entries(setting.fields));
  return Object.fromEntries(fields.map(([key, { schema }]) => [key, schema]));
}

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

export const checkSchema = z
  .object({
    message: z.string(),
    valid: z.boolean(),
    config: settingsSchema,
    warnings: z.array(z.string()),
  })
  .meta({ id: 'SettingsCheck', description: 'Whether the settings in force work on this server.' });

export const validationSchema = z
  .object({
    valid: z.boolean(),
    message: z.string(),
    details: z.array(z.string()).nullable().meta({ description: 'The problems; null if there are none.' }),
  })
  .meta({ id: 'SettingsValidation', description: 'Whether a change of settings is valid.' });
