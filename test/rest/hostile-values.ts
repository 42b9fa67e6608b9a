import type { FieldSchema } from './openapi-description.js';

type Form = FieldSchema & { required?: boolean };

const LONG = 2_001;
/** What is no text, however it is written in a URL. */
const UNDECODABLE = ['%', '%zz', '%2', 'a%ffb', '%c3%28', '%ed%a0%80'];
const NEVER_TEXT = [...UNDECODABLE, '%00', 'a%00b', 'x'.repeat(LONG)];
/** Well-formed, but the id of nothing. */
const NO_ID = [
  ...[
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e%2f',
    '..%5c..%5c',
    'a%2fb',
    '%2f',
    '.%2e',
    '~',
    '*',
    ':',
    'demo:',
    ':x',
  ],
  ...[
    'demo:..%2f..',
    'demo:a%00',
    'nobody:1',
    '-1',
    '0',
    '1e9',
    'null',
    'undefined',
    'NaN',
    '%5Bobject%20Object%5D',
  ],
  ...['%20', '%09', "'%20OR%20'1'='1", '%22%3B--', '%24%7B7*7%7D', '%3Cscript%3E', '%0d%0aset-cookie:a=b'],
  ...['%F0%9F%8E%B5', '%E2%80%AE', '9'.repeat(400), 'a'.repeat(501), '__proto__', 'constructor', 'toString'],
];
const NO_NUMBER = [
  ...[
    'abc',
    '',
    '%20',
    'NaN',
    'Infinity',
    '-Infinity',
    '1e3',
    '0x10',
    '1.5',
    '1,5',
    '--1',
    '%D9%A3',
    'true',
    '[]',
  ],
  ...['99999999999999999999', '2147483648', '-99999999999999999999', '9'.repeat(400), '1%00'],
];
const NO_WORD = ['', '%20', 'nonsense', '__proto__', 'constructor', 'toString', 'null', 'x'.repeat(LONG)];

/** Percent-encoded, as parts of a path. A single dot is none: a URL is the same without it. */
export function hostilePathTexts({ pattern }: Form): string[] {
  return [...NEVER_TEXT, ...NO_ID, '..', '%2e%2e'].filter((text) => !fits(pattern, decoded(text)));
}

/** What the documentation allows is not hostile: a name may well be "null". */
function fits(pattern: string | undefined, value: unknown): boolean {
  return pattern !== undefined && typeof value === 'string' && new RegExp(pattern).test(value);
}

function decoded(text: string): unknown {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Percent-encoded, as values in a query. */
export function hostileQueryTexts(name: string, form: Form): string[] {
  if (form.type === 'integer') return [...UNDECODABLE, ...NO_NUMBER, String((form.minimum ?? 0) - 1)];
  if (form.type === 'number') return [...UNDECODABLE, ...NO_NUMBER.filter((text) => !isAmount(text)), '-1'];
  if (form.type === 'boolean') return [...UNDECODABLE, ...NO_WORD, '2', 'yes'];
  if (form.enum || form.pattern) return [...UNDECODABLE, ...NO_WORD];
  const blank = form.required ? ['', '%20', '+'] : [];
  return [...NEVER_TEXT, ...blank, ...(isId(name) ? NO_ID : [])];
}

/** Numbers, though no whole ones, or larger than counts can be. */
function isAmount(text: string): boolean {
  return ['1.5', '2147483648'].includes(text);
}

/** What stands nowhere in JSON that is meant well, whatever takes it. */
export function unfitValues(): unknown[] {
  return ['a\0b', '\ud800', 'x'.repeat(LONG), ['a\0b'], { a: '\udfff' }, { 'a\0': 1 }, nested(50)];
}

/** As values in JSON. */
export function hostileValues(name: string, form: FieldSchema): unknown[] {
  if (form.anyOf) return hostileToAll(name, form.anyOf);
  const any = [null, [], {}, [null], { toString: 1 }, ...unfitValues()];
  if (form.type === 'integer')
    return [...any, true, 'x', '', 1.5, 1e308, -1e308, 2 ** 53, (form.minimum ?? 0) - 1];
  if (form.type === 'number') return [...any, true, 'x', '', 1e308, -1e308, (form.minimum ?? 0) - 0.5];
  if (form.type === 'boolean') return [...any, 2, 'maybe', ''];
  if (form.type === 'array') return [null, {}, 'x', 1, ['a\0b'], ['\ud800'], nested(50)];
  if (form.enum || form.pattern) {
    const words = [...any, '', 'nonsense', '__proto__', 'constructor', -1];
    return words.filter((value) => !fits(form.pattern, value));
  }
  return [...any, 1, true, '', ...(isId(name) ? NO_ID.map(decodeURIComponent) : [])];
}

function hostileToAll(name: string, forms: readonly FieldSchema[]): unknown[] {
  const takesNull = forms.some(({ type }) => type === 'null');
  const values = forms.filter(({ type }) => type !== 'null').flatMap((form) => hostileValues(name, form));
  const isAllowed = (value: unknown) =>
    (value === null && takesNull) || forms.some(({ pattern }) => fits(pattern, value));
  return values.filter((value) => !isAllowed(value));
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

/** None is a JSON object. */
export const HOSTILE_BODIES = [
  ...[
    '{',
    '{"x":1',
    '{"x":"',
    '{"x":tru',
    '{x:1}',
    "{'x':1}",
    '{"x":1,}',
    '{"x":01}',
    '{"x":1}{"y":2}',
    '\0',
  ],
  ...['[]', '[{"x":1}]', '"text"', '1', 'null', 'true', 'undefined', 'NaN', ' ', 'x=1', '<x/>', '{"x":"\n"}'],
  ...['['.repeat(100_000), '{"x":'.repeat(100_000)],
];

/** An id may be well-formed and yet of nothing that there is. */
export function isId(name: string): boolean {
  return /(^|_)id$/.test(name);
}
