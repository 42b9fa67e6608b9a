import { z } from 'zod';
import type { SettingsProblem } from './errors.js';

/* An entry carries default, range, unit and description; a number may have one word beside its range. */
export type Table = z.ZodObject<Record<string, z.ZodType>>;

export interface TableRow {
  name: string;
  schema: z.ZodType;
  form: ValueForm;
  /** Undefined where it depends on the environment. */
  default: unknown;
  unit: string | null;
  /** Without range and default: `describeRow` adds them. */
  description: string;
}

export type ValueForm = (PlainForm | NumberForm | ChoiceForm) & {
  nullable: boolean;
  /** Not of the type, such as `auto` beside numbers; null stands for it in GraphQL. */
  word: string | null;
};

interface PlainForm {
  type: 'boolean' | 'text';
}

interface NumberForm {
  type: 'int' | 'float';
  range: { min: number; max: number } | null;
}

interface ChoiceForm {
  type: 'enum' | 'list';
  choices: z.ZodEnum;
}

export function rowsOf(table: Table): TableRow[] {
  return Object.entries(table.shape).map(([name, schema]) => {
    const { description = '', unit } = schema.meta() ?? {};
    return {
      name,
      schema,
      form: formOf(schema),
      default: schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined,
      unit: typeof unit === 'string' ? unit : null,
      description,
    };
  });
}

function formOf(schema: z.core.$ZodType): ValueForm {
  const plain = { nullable: false, word: null };
  if (schema instanceof z.ZodDefault) return formOf(schema.unwrap());
  if (schema instanceof z.ZodNullable) return { ...formOf(schema.unwrap()), nullable: true };
  if (schema instanceof z.ZodBoolean) return { ...plain, type: 'boolean' };
  if (schema instanceof z.ZodString) return { ...plain, type: 'text' };
  if (schema instanceof z.ZodNumber) return { ...plain, ...numberForm(schema) };
  if (schema instanceof z.ZodEnum) return { ...plain, type: 'enum', choices: schema };
  if (schema instanceof z.ZodArray && schema.element instanceof z.ZodEnum) {
    return { ...plain, type: 'list', choices: schema.element };
  }
  if (schema instanceof z.ZodUnion) {
    const [number, word] = schema.options;
    if (number && word instanceof z.ZodLiteral) return { ...formOf(number), word: String(word.value) };
  }
  throw new TypeError(`A setting cannot be a ${schema._zod.def.type}.`);
}

function numberForm({ minValue, maxValue, format }: z.ZodNumber): NumberForm {
  const type = format === 'safeint' ? 'int' : 'float';
  const bounded = Number.isFinite(minValue) && minValue !== Number.MIN_SAFE_INTEGER;
  return { type, range: bounded ? { min: minValue ?? 0, max: maxValue ?? 0 } : null };
}

export function wordsOf({ choices }: ChoiceForm): string[] {
  return choices.options.map(String);
}

export function describeRow(row: TableRow): string {
  const { form, unit } = row;
  if (!('range' in form) || !form.range) return row.description;
  const [min, max] = [form.range.min, form.range.max].map((bound) => bound.toLocaleString('en-US'));
  return `${row.description} From ${min} to ${max}${unit ? ` ${unit}` : ''}.`;
}

/** GraphQL has no type of numbers and words. */
export function nullNote({ form }: TableRow): string {
  return form.word === null ? '' : ` \`null\` stands for \`${form.word}\`.`;
}

export function describeWithDefault(row: TableRow): string {
  if (row.default === undefined || row.default === null || row.default === '') return describeRow(row);
  return `${describeRow(row)} Default: ${showValue(row.default, row.form)}.`;
}

function showValue(value: unknown, { type }: ValueForm): string {
  if (Array.isArray(value)) return value.join(', ');
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  return type === 'text' ? `\`${shown}\`` : shown;
}

export function findProblems(rows: readonly TableRow[], values: object): SettingsProblem[] {
  const byName = new Map<string, unknown>(Object.entries(values));
  return rows.flatMap(({ name, schema, form }) => {
    const value = byName.get(name);
    const { error } = schema.safeParse(value);
    if (!error) return [];
    return [{ field: name, message: `"${name}" ${complaint(form, value) ?? error.issues[0]?.message}` }];
  });
}

/** Null for text, whose rules have words of their own. */
function complaint(form: ValueForm, value: unknown): string | null {
  switch (form.type) {
    case 'boolean':
      return 'must be true or false.';
    case 'enum':
      return `must be one of ${wordsOf(form).join(', ')}.`;
    case 'list':
      return `must be one or more of ${wordsOf(form).join(', ')}, each once.`;
    case 'int':
    case 'float': {
      const kind = form.type === 'int' && !Number.isInteger(value) ? 'a whole number ' : '';
      const between = form.range ? `between ${form.range.min} and ${form.range.max}` : '';
      return `is ${String(value)}; it must be ${kind}${between}`.trimEnd() + '.';
    }
    case 'text':
      return null;
  }
}
