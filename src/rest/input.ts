import { z } from 'zod';
import { MAX_LIST_ITEMS, MAX_OFFSET, MAX_TEXT_CHARS } from '../graphql/input-limits.js';
import { RestFailure } from './errors.js';

/** JSON Schema of the one spelling that the documentation shows. */
type DocumentedForm = Record<string, unknown> &
  ({ type: 'integer' | 'number' | 'boolean' | 'string' | 'array' } | { anyOf: object[] });

const FORMS = z.registry<{ form: DocumentedForm }>();

/** Inputs accept more spellings than a client needs, such as `"true"`, `1` and `TRUE`; this one is documented. */
export function documentedAs<Schema extends z.ZodType>(schema: Schema, form: DocumentedForm): Schema {
  FORMS.add(schema, { form });
  return schema;
}

export function documentedFormOf(schema: z.core.$ZodType): DocumentedForm | null {
  return FORMS.get(schema as z.ZodType)?.form ?? null;
}

/** Path parameters, query and JSON body together, by name. */
export type RawInput = Record<string, unknown>;

/** The key of a body that is a list: as a body, existing clients send some lists bare. */
export const LIST_BODY = '[]';

const LIST_NAMES = z.registry<{ name: string }>();

/** Accepts a bare list for the object with this one key. */
export function orBareList<Schema extends z.ZodType>(schema: Schema, name: string): Schema {
  LIST_NAMES.add(schema, { name });
  return schema;
}

function withListName(schema: z.ZodType, { [LIST_BODY]: list, ...raw }: RawInput): RawInput {
  if (list === undefined) return raw;
  const name = LIST_NAMES.get(schema)?.name;
  if (name === undefined) throw new RestFailure(400, 'The body has to be a JSON object.');
  return { ...raw, [name]: list };
}

/** Maximum nesting of lists and objects; more is an attack on the parser. */
const MAX_DEPTH = 20;
/** GraphQL's Int, and PostgreSQL's. */
const MAX_INT = 2_147_483_647;

/** Throws RestFailure 400 that names the field. */
export function parseInput<Input>(schema: z.ZodType<Input>, sent: RawInput): Input {
  const raw = withListName(schema, sent);
  for (const [name, value] of Object.entries(raw)) {
    const field = showable(name);
    checkText(field, name);
    checkValue(field, value);
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.code === 'unrecognized_keys' ? showable(issue.keys[0] ?? '') : issue?.path.join('.');
  throw invalidField(
    field ?? '',
    issue?.code === 'unrecognized_keys' ? 'is not a parameter of this route' : issue?.message,
  );
}

export function invalidField(field: string, problem = 'not valid'): RestFailure {
  return new RestFailure(400, `${field}: ${problem}`, { details: { field } });
}

/** Limits for every text and list, also those that no schema reads. */
function checkValue(field: string, value: unknown, depth = 0): void {
  if (typeof value === 'string') return checkText(field, value);
  if (typeof value !== 'object' || value === null) return;
  if (depth === MAX_DEPTH) throw invalidField(field, `at most ${MAX_DEPTH} levels are allowed`);
  if (Array.isArray(value) && value.length > MAX_LIST_ITEMS)
    throw invalidField(field, `at most ${MAX_LIST_ITEMS} items are allowed`);
  for (const [name, inner] of Object.entries(value)) {
    checkText(field, name);
    checkValue(field, inner, depth + 1);
  }
}

function checkText(field: string, text: string): void {
  if (text.includes('\0')) throw invalidField(field, 'null bytes are not allowed');
  if (!text.isWellFormed()) throw invalidField(field, 'half of a surrogate pair is not allowed');
  if (text.length > MAX_TEXT_CHARS)
    throw invalidField(field, `at most ${MAX_TEXT_CHARS} characters are allowed`);
}

/** A name from the client, shortened for a response. */
export function showable(name: string): string {
  return name.replaceAll('\0', '').slice(0, 50).toWellFormed();
}

/** What is shown, downloaded or followed: an id, link or URI of the catalog. */
export function itemId(type: string) {
  return text().describe(
    `Id of the ${type}: bare for Spotify, \`provider:id\` for every other catalog. Links and URIs work too.`,
  );
}

export function taskId() {
  return text().describe('Id of the task: the `task_id` of a response.');
}

/** A required text of 1 to `max` characters, without surrounding space. */
export function text(max = 500, problem = `required, 1 to ${max} characters`) {
  return z.string({ error: problem }).trim().min(1, { error: problem }).max(max, { error: problem });
}

interface Bounds {
  min?: number | null | undefined;
  max?: number | null | undefined;
}

interface NumberRange extends Bounds {
  /** A larger number than `max` counts as `max`. */
  clamp?: boolean;
}

/** A whole number, in a query string or in JSON. */
export function wholeNumber({ clamp = false, ...range }: NumberRange) {
  const min = range.min ?? -MAX_INT;
  const max = range.max ?? MAX_INT;
  const error = allowedNumbers('whole numbers', { min: range.min, max });
  const largest = clamp ? MAX_INT : max;
  const number = z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^[+-]?\d{1,15}$/)
          .transform(Number),
      ],
      { error },
    )
    .refine((number) => Number.isInteger(number) && number >= min && number <= largest, { error })
    .transform((number) => Math.min(number, max));
  return documentedAs(number, { type: 'integer', minimum: min, ...(!clamp && { maximum: max }) });
}

/** Completes the name of a parameter. */
export function allowedNumbers(kind: string, { min = null, max = null }: Bounds): string {
  if (min === null) return `allowed are ${kind}${max === null ? '' : ` up to ${max}`}`;
  return `allowed are ${kind} from ${min}${max === null ? '' : ` to ${max}`}`;
}

/** The last second of the year 9999. */
const MAX_SECONDS = 253_402_300_799;

/** Unix seconds, fractions allowed. */
export function unixSeconds() {
  const error = `allowed are Unix seconds from 0 to ${MAX_SECONDS}`;
  const number = z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d{1,12}(\.\d{1,20})?$/)
          .transform(Number),
      ],
      { error },
    )
    .refine((seconds) => seconds >= 0 && seconds <= MAX_SECONDS, { error });
  return documentedAs(number, { type: 'number', minimum: 0, maximum: MAX_SECONDS });
}

/** Entries on a page. */
export function pageLimit(byDefault: number, max: number) {
  return wholeNumber({ min: 1, max, clamp: true })
    .default(byDefault)
    .describe(`Entries in the response, at most ${max}; more counts as ${max}.`);
}

export const pageOffset = wholeNumber({ min: 0, max: MAX_OFFSET })
  .default(0)
  .describe('Entries to skip before the first one of the response.');

/** Of a page by its number, from 1. Throws RestFailure 400 for one that begins too far down. */
export function offsetOfPage({ page, limit }: { page: number; limit: number }): number {
  const offset = (page - 1) * limit;
  if (offset <= MAX_OFFSET) return offset;
  throw invalidField('page', `with this limit, the last page is ${1 + Math.floor(MAX_OFFSET / limit)}`);
}

/** A number, in a query string or in JSON. */
export function decimal({ min = null, max = null }: Bounds) {
  const error = allowedNumbers('numbers', { min, max });
  const text = z.string().regex(/^[+-]?\d{1,15}(?:\.\d{1,15})?$/);
  const number = z
    .union([z.number(), text.transform(Number)], { error })
    .refine((number) => number >= (min ?? -Infinity) && number <= (max ?? Infinity), { error });
  const bounds = { ...(min !== null && { minimum: min }), ...(max !== null && { maximum: max }) };
  return documentedAs(number, { type: 'number', ...bounds });
}

/** true or false, in a query string or in JSON. */
export function flag(byDefault: boolean) {
  return yesOrNo().default(byDefault);
}

/** The same, false by default. */
export function yesOrNo() {
  const words: Record<string, boolean> = { true: true, '1': true, false: false, '0': false };
  const error = 'allowed are true and false';
  const either = z.union(
    [
      z.boolean(),
      z
        .string()
        .toLowerCase()
        .refine((word) => Object.hasOwn(words, word))
        .transform((word) => words[word] === true),
    ],
    { error },
  );
  return documentedAs(either, { type: 'boolean' });
}

/** One of these words, in upper or lower case. `documented` are the same words as a component of responses. */
export function word<const Words extends readonly string[]>(words: Words, documented?: z.ZodEnum) {
  const shown = words.map((each) => each.toLowerCase());
  const error = `allowed are ${shown.join(', ')}`;
  const either = z.string({ error }).toUpperCase().pipe(z.enum(words, { error }));
  const { id, ...meta } = documented?.meta() ?? { description: 'In upper or lower case.' };
  if (typeof id === 'string') either.register(z.globalRegistry, { id });
  return documentedAs(either, { ...meta, type: 'string', enum: documented?.options ?? shown });
}
