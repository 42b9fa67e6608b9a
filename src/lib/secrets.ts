import { stdSerializers } from 'pino';

export type Redact = (text: string) => string;

/** Shorter parts are too common to be recognized. */
const SHORTEST_PART = 4;

/** What lets its bearer in, wherever it turns up: in an address, a header, or an error that repeats either. */
const CREDENTIALS: readonly [RegExp, string][] = [
  // JWTs
  [/\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?/g, '…'],
  // API keys and stream tickets
  [/\b(reprise|ticket)_[\w-]{16,}/g, '$1_…'],
  [/\b(Bearer|Basic) +[\w+/=.~-]{4,}/gi, '$1 …'],
  [/([?&](?:token|access_token|refresh_token|code|state|ticket)=)[^&\s"'<>]+/gi, '$1…'],
];

const SECRET_FIELD =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|.*(?:password|token|secret|apikey))$/i;

/** Removes credentials from texts, these URLs, and all in them that may be a password, also if they are malformed. */
export function createRedactor(urls: readonly string[] = []): Redact {
  const secrets = [...new Set(urls.flatMap(secretsOf))].sort((a, b) => b.length - a.length);
  return (text) => {
    const shown = secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
    return CREDENTIALS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), shown);
  };
}

function secretsOf(url: string): string[] {
  const authority = url.replace(/^[^:/@]*:?\/\//, '');
  const end = authority.lastIndexOf('@');
  const credentials = end === -1 ? '' : authority.slice(0, end);
  const colon = credentials.indexOf(':');
  const password = colon === -1 ? '' : credentials.slice(colon + 1);
  const [, query = ''] = url.split(/\?(.*)/s);
  const values = query
    .split('&')
    .flatMap((pair) => (/pass|secret|token|key/i.test(pair) ? pair.split('=').slice(1) : []));
  const parts = [password, ...password.split(/[/?#@:]/), ...values].filter(
    (part) => part.length >= SHORTEST_PART,
  );
  return [url, ...parts, ...parts.map(decoded)].filter((secret) => secret !== '');
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Enough for errors whose causes have causes. */
const MAX_DEPTH = 8;

/** A copy for a log, in which every text is redacted. */
export function redactAll(value: unknown, redact: Redact, depth = 0): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) return '…';
  if (value instanceof Error) return redactAll(stdSerializers.err(value), redact, depth + 1);
  if (value instanceof URL) return redact(value.href);
  if (value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((each) => redactAll(each, redact, depth + 1));
  const entries = Object.entries(value).map(
    ([name, inner]) => [name, redactField(name, inner, { redact, depth })] as const,
  );
  return Object.fromEntries(entries);
}

/** A password in a field of that name has no form that gives it away. */
function redactField(
  name: string,
  value: unknown,
  { redact, depth }: { redact: Redact; depth: number },
): unknown {
  const isSecret = SECRET_FIELD.test(name) && (typeof value === 'string' || Array.isArray(value));
  return isSecret ? '…' : redactAll(value, redact, depth + 1);
}
