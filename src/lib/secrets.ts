import { stdSerializers } from 'pino';

export type Redact = (text: string) => string;

/** Shorter parts are too common to be recognized. */
const SHORTEST_PART = 4;

/** Removes these URLs from texts of drivers, and all in them that may be a password, also if they are malformed. */
export function createRedactor(urls: readonly string[]): Redact {
  const secrets = [...new Set(urls.flatMap(secretsOf))].sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, '…'), text);
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
    ([name, inner]) => [name, redactAll(inner, redact, depth + 1)] as const,
  );
  return Object.fromEntries(entries);
}
