import type { IncomingMessage } from 'node:http';
import { BodyCutError, MAX_BODY_BYTES, readBody } from '../lib/read-body.js';
import { RestFailure } from './errors.js';
import { invalidField, LIST_BODY, showable, type RawInput } from './input.js';

interface RequestInput {
  /** Path parameters override the body, the body overrides the query. */
  raw: RawInput;
  /** Whether there are options: a body, though it be an empty object, or a query. */
  hasOptions: boolean;
}

export async function readRequest(
  incoming: IncomingMessage,
  search: string,
  { parameters, bodyOnly }: { parameters: Record<string, string>; bodyOnly: boolean },
): Promise<RequestInput> {
  const query = readQuery(search);
  const [unexpected] = bodyOnly ? Object.keys(query) : [];
  if (unexpected !== undefined)
    throw invalidField(showable(unexpected), 'is read from the JSON body only, not from the query');
  const mayHaveBody = incoming.method !== 'GET' && incoming.method !== 'HEAD';
  const body = mayHaveBody ? await readJson(incoming) : null;
  return {
    raw: { ...query, ...body, ...parameters },
    hasOptions: body !== null || Object.keys(query).length > 0,
  };
}

/** Decodes text from a URL. Throws RestFailure 400 that names the field if it is not percent-encoded UTF-8. */
export function decodePercent(field: string, raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw invalidField(field, 'not correctly percent-encoded');
  }
}

/** A repeated name is rejected, because client and server may disagree on which value counts. */
export function readQuery(search: string): Record<string, string> {
  const query = new Map<string, string>();
  for (const pair of search.slice(1).split('&').filter(Boolean)) {
    const [rawName = '', ...rest] = pair.replaceAll('+', ' ').split('=');
    const shown = showable(rawName);
    const name = decodePercent(shown, rawName);
    const value = decodePercent(shown, rest.join('='));
    if ((query.get(name) ?? value) !== value) throw invalidField(showable(name), 'is provided twice');
    query.set(name, value);
  }
  return Object.fromEntries(query);
}

/** Null for a missing body. */
async function readJson(incoming: IncomingMessage): Promise<RawInput | null> {
  const body = await readText(incoming);
  if (body === '') return null;
  const type = incoming.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new RestFailure(415, 'The body has to be JSON, with content-type: application/json.');
  }
  const parsed = parseJson(body);
  checkJson(body);
  if (Array.isArray(parsed)) return { [LIST_BODY]: parsed as unknown };
  if (typeof parsed === 'object' && parsed !== null) return parsed as RawInput;
  throw new RestFailure(400, 'The body has to be a JSON object.');
}

async function readText(incoming: IncomingMessage): Promise<string> {
  try {
    const text = await readBody(incoming);
    if (text !== null) return text;
  } catch (cause) {
    if (!(cause instanceof BodyCutError)) throw cause;
    throw new RestFailure(400, 'The request body is incomplete.');
  }
  throw new RestFailure(413, `The body is larger than ${MAX_BODY_BYTES} bytes.`);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new RestFailure(400, 'The body is not valid JSON.');
  }
}

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g;

/** More than any request needs; parameters have lower limits of their own. */
const MAX_NESTING = 100;
const MAX_ENTRIES = 10_000;

/** For valid JSON. Rejects what is expensive to check, and a repeated key, of which JSON.parse would keep the last. */
export function checkJson(json: string): void {
  const open: (Set<string> | null)[] = [];
  let last = '';
  let field = '';
  let entries = 0;
  for (const [token] of json.matchAll(TOKENS)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',') entries += 1;
    else if (token === ':') {
      const keys = open.at(-1);
      const key = JSON.parse(last) as string;
      if (keys?.has(key)) throw invalidField(showable(key), 'is provided twice');
      keys?.add(key);
      if (open.length === 1) field = showable(key);
    }
    if (open.length > MAX_NESTING) throw invalidField(field, `at most ${MAX_NESTING} levels are allowed`);
    if (entries > MAX_ENTRIES) throw invalidField(field, `at most ${MAX_ENTRIES} entries are allowed in all`);
    last = token;
  }
}
