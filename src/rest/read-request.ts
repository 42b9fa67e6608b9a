import { systemCodeOf } from '../lib/errors.js';
import { decodePercent } from './decode-percent.js';
import { RestFailure } from './errors.js';
import { invalidField, showable, type RawInput } from './input.js';
import { findRepeatedKey } from './repeated-key.js';

/** All that a request says: parts of its path go before its body, its body before its query. */
export async function readRequest(
  request: Request,
  url: URL,
  parameters: Record<string, string>,
): Promise<RawInput> {
  const query = readQuery(url.search);
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  return { ...query, ...(hasBody ? await readBody(request) : {}), ...parameters };
}

/** A name twice with two values has no meaning that both sides would agree on. */
function readQuery(search: string): Record<string, string> {
  const query = new Map<string, string>();
  for (const pair of search.slice(1).split('&').filter(Boolean)) {
    const [rawName = '', ...rest] = pair.replaceAll('+', ' ').split('=');
    const shown = showable(rawName);
    const name = decodePercent(shown, rawName);
    const value = decodePercent(shown, rest.join('='));
    if ((query.get(name) ?? value) !== value) throw invalidField(showable(name), 'given twice');
    query.set(name, value);
  }
  return Object.fromEntries(query);
}

/** No body at all is an empty object. */
async function readBody(request: Request): Promise<RawInput> {
  const body = await readText(request);
  if (body === '') return {};
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new RestFailure(415, 'The body has to be JSON, with content-type: application/json.');
  }
  const parsed = parseJson(body);
  const twice = findRepeatedKey(body);
  if (twice !== null) throw invalidField(showable(twice), 'given twice');
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as RawInput;
  throw new RestFailure(400, 'The body has to be a JSON object.');
}

/** Who hangs up in the middle of sending is no fault of ours; whoever is still there hears of it. */
async function readText(request: Request): Promise<string> {
  try {
    return await request.text();
  } catch (cause) {
    if (systemCodeOf(cause) !== 'ECONNRESET') throw cause;
    throw new RestFailure(400, 'The body did not come to its end.');
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new RestFailure(400, 'The body is not valid JSON.');
  }
}
