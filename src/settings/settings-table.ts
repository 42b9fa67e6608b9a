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
  /** What null stands for in a nullable row, such as `never`; null where it only means that there is no value. */
  nullMeans: string | null;
  /** Without range, default and null: `describeRow` adds them. */
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
  range: NumberRange | null;
}

/** Null where there is no bound; one of the two is a number. */
interface NumberRange {
  min: number | null;
  max: number | null;
}

interface ChoiceForm {
  type: 'enum' | 'list';
  choices: z.ZodEnum;
}

export function rowsOf(table: Table): TableRow[] {
  return Object.entries(table.shape).map(([name, schema]) => {
    const { description = '', unit, nullMeans } = schema.meta() ?? {};
    return {
      name,
      schema,
      form: formOf(schema),
      default: schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined,
      unit: typeof unit === 'string' ? unit : null,
      nullMeans: typeof nullMeans === 'string' ? nullMeans : null,
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

function numberForm(schema: z.ZodNumber): NumberForm {
  const { exclusiveMinimum, exclusiveMaximum } = z.toJSONSchema(schema);
  if (exclusiveMinimum !== undefined || exclusiveMaximum !== undefined) {
    throw new TypeError('The bounds of a setting are inclusive: use min and max.');
  }
  const min = boundOf(schema.minValue);
  const max = boundOf(schema.maxValue);
  return {
    type: schema.format === 'safeint' ? 'int' : 'float',
    range: min === null && max === null ? null : { min, max },
  };
}

/** Null for a limit of the number type itself. */
function boundOf(value: number | null): number | null {
  return value !== null && Number.isFinite(value) && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : null;
}

/** `MAX_RETRIES` for `maxRetries`: the value of an enum of names. */
export function constantOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** A client's request to change settings. */
export interface TableChange<Values extends object> {
  values: Partial<Values>;
  /** Names that get their default. */
  reset: readonly string[];
  /** Names that the client gave in more than one way. */
  conflicts: readonly SettingsProblem[];
}

export function wordsOf({ choices }: ChoiceForm): string[] {
  return choices.options.map(String);
}

export function describeRow(row: TableRow): string {
  const { description, nullMeans } = row;
  const text = nullMeans === null ? description : `${description.slice(0, -1)}; null for ${nullMeans}.`;
  return text + rangeNote(row);
}

/** In an input, where null counts as omitted. `clearable`: whether `setToNull` has the row. */
export function describeInput(row: TableRow, clearable: boolean): string {
  const meaning = row.form.word === null ? (row.nullMeans ?? 'null') : `\`${row.form.word}\``;
  const remedy = clearable ? ` For ${meaning}, name it in \`setToNull\`.` : '';
  return row.description + rangeNote(row) + remedy;
}

function rangeNote({ form, unit }: TableRow): string {
  if (!('range' in form) || !form.range) return '';
  return ` ${rangeText(form.range)}${unit ? ` ${unit}` : ''}.`;
}

function rangeText({ min, max }: NumberRange): string {
  const [least, most] = [min, max].map((bound) => bound?.toLocaleString('en-US'));
  if (least !== undefined && most !== undefined) return `From ${least} to ${most}`;
  return least === undefined ? `At most ${most}` : `At least ${least}`;
}

/** GraphQL shows a word that stands beside numbers as null. */
export function takesNull({ form }: TableRow): boolean {
  return form.nullable || form.word !== null;
}

/** GraphQL has no type of numbers and words. */
export function nullNote({ form }: TableRow): string {
  return form.word === null ? '' : ` \`null\` stands for \`${form.word}\`.`;
}

export function describeWithDefault(row: TableRow): string {
  if (row.default === undefined || row.default === null || row.default === '') return describeRow(row);
  return `${describeRow(row)} Default: ${showDefault(row)}.`;
}

export function showDefault({ default: value, form }: TableRow): string {
  return value === undefined ? 'that of the environment' : showValue(value, form);
}

function showValue(value: unknown, { type }: ValueForm): string {
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value !== 'string') return JSON.stringify(value);
  return type === 'text' ? `\`${value}\`` : value;
}

export function findProblems(rows: readonly TableRow[], values: object): SettingsProblem[] {
  const byName = new Map<string, unknown>(Object.entries(values));
  return rows.flatMap((row) => {
    const { name, schema, form } = row;
    const value = byName.get(name);
    const { error } = schema.safeParse(value);
    if (!error) return [];
    const message = `"${name}" ${complaint(form, value) ?? error.issues[0]?.message}`;
    return [{ field: name, message: message + zeroNote(row, value) }];
  });
}

/** Other programs take 0 for what is null here. */
function zeroNote({ name, nullMeans }: TableRow, value: unknown): string {
  if (value !== 0 || nullMeans === null) return '';
  return ` For ${nullMeans}, use "setToNull: [${constantOf(name)}]".`;
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
    case 'float':
      return `is ${String(value)}; it must be ${numberRule(form, value)}.`;
    case 'text':
      return null;
  }
}

function numberRule({ type, range }: NumberForm, value: unknown): string {
  const kind = type === 'int' && !Number.isInteger(value) ? 'a whole number' : '';
  if (!range) return kind || 'a number';
  const { min, max } = range;
  if (min !== null && max !== null) return `${kind} between ${min} and ${max}`.trimStart();
  const bound = min === null ? `at most ${max}` : `at least ${min}`;
  return kind ? `${kind} of ${bound}` : bound;
}
