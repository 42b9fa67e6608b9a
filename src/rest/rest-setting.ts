import { z } from 'zod';
import {
  constantOf,
  describeWithDefault,
  wordsOf,
  type TableRow,
  type ValueForm,
} from '../settings/settings-table.js';
import { inSnakeCase, restNameOf } from './setting-names.js';

/** A setting in requests and responses. */
export interface RestSetting {
  /** In GraphQL. */
  name: string;
  /** Its names in a request. */
  keys: readonly string[];
  /** Undefined for a value that cannot be read. */
  read(value: unknown): unknown;
  /** Completes `"name" …`. */
  rule: string;
  /** Rewords the rule of the table where the REST form differs. */
  reword?: (message: string) => string;
  /** Its names in a response. */
  fields: Record<string, RestField>;
}

interface RestField {
  schema: z.ZodType;
  write(value: unknown): unknown;
}

type Reader = Pick<RestSetting, 'read' | 'rule'>;

/** `maxRetries` and `max_retries`. */
export function bothSpellings(name: string): string[] {
  return [...new Set([name, inSnakeCase(name)])];
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

function schemaOf(row: TableRow): z.ZodType {
  const { form } = row;
  const name = restNameOf(row.name);
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
  const { form } = row;
  const name = restNameOf(row.name);
  const { nullable, word } = form;
  const reader = readerOf(form);
  const schema = word === null ? schemaOf(row) : z.union([schemaOf(row), z.literal(word)]);
  return {
    name: row.name,
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
export type RestDifferences = Record<string, (setting: RestSetting) => Partial<RestSetting>>;

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

/** GraphQL takes a null for an omitted value, and clears what `setToNull` names. */
export function toTableInput(values: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(values);
  const cleared = entries.filter(([, value]) => value === null).map(([name]) => constantOf(name));
  return { ...values, ...(cleared.length > 0 && { setToNull: cleared }) };
}
