import pg from 'pg';

/** Compiling a plan takes 100 ms and more, which no statement of ours wins back. */
export const SESSION_OPTIONS = '-c jit=off';
export const USUAL_SCHEMA = 'public';

/* Text, not URL: PostgreSQL takes several hosts, or none. A password has no "?" in it, see lib/env-values.ts. */

export const queryOf = (url: string) => new URLSearchParams(url.split(/\?(.*)/s)[1]);

function withParameters(url: string, changes: Record<string, string>): string {
  const query = queryOf(url);
  for (const [name, value] of Object.entries(changes)) query.set(name, value);
  return `${url.split('?', 1)[0]}?${query.toString()}`;
}

/** Of a URL that `prepareDatabaseUrl` returned. */
export function schemaOf(url: string): string {
  return queryOf(url).get('schema') || USUAL_SCHEMA;
}

/** Of the tables of Agenda, which all have names of Agenda's own. */
export function jobSchemaOf(url: string): string {
  const schema = schemaOf(url);
  return schema === USUAL_SCHEMA ? 'agenda' : `${schema}_agenda`;
}

/** What pg takes the others for, with a warning of several lines. */
export function withPlainTls(url: string): string {
  const query = queryOf(url);
  const isOther = ['prefer', 'require', 'verify-ca'].includes(query.get('sslmode') ?? '');
  return isOther && !query.has('uselibpqcompat') ? withParameters(url, { sslmode: 'verify-full' }) : url;
}

/** Extensions stay in sight, wherever they are. */
export function withSchema(url: string, schema: string, further: readonly (string | null)[]): string {
  const path = [...new Set([schema, USUAL_SCHEMA, ...further])].flatMap((name) =>
    name === null ? [] : pg.escapeIdentifier(name),
  );
  const setting = path.join(',').replace(/[\\\s]/g, '\\$&');
  const options = [queryOf(url).get('options'), SESSION_OPTIONS, `-c search_path=${setting}`];
  return withParameters(url, { schema, options: options.filter(Boolean).join(' ') });
}
