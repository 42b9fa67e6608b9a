/** The tables in docs/ that are made from the code. */
import { readFile } from 'node:fs/promises';
import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  type GraphQLInputField,
  type GraphQLSchema,
} from 'graphql';
import { format, resolveConfig } from 'prettier';
import { DEFAULT_SETTINGS, DEFAULT_WATCH_SETTINGS } from '../src/settings/settings.js';
import { sectionOf } from '../src/rest/openapi.js';
import { ROUTES } from '../src/rest-routes.js';

export const PAGES_WITH_TABLES = ['docs/configuration.md', 'docs/rest.md'];

type TableMaker = (schema: GraphQLSchema) => string;

const TABLES: Record<string, TableMaker> = {
  settings: (schema) => settingsTable(schema, 'SettingsInput', DEFAULT_SETTINGS),
  'watch settings': (schema) => settingsTable(schema, 'WatchSettingsInput', DEFAULT_WATCH_SETTINGS),
  routes: () => routeTables(),
};

const TABLE = /(?<=<!-- table: ([a-z ]+) -->\n).*?(?=<!-- end of table -->)/gs;

/** A page as it is and with its tables made again; the same when they are up to date. */
export async function renderPage(path: string): Promise<{ current: string; rendered: string }> {
  const current = await readFile(path, 'utf8');
  const schema = buildSchema(await readFile('schema.graphql', 'utf8'));
  const filled = current.replace(TABLE, (_old, name: string) => {
    const makeTable = TABLES[name];
    if (!makeTable)
      throw new Error(`There is no table "${name}"; allowed: ${Object.keys(TABLES).join(', ')}.`);
    return `\n${makeTable(schema)}\n\n`;
  });
  return { current, rendered: await format(filled, { ...(await resolveConfig(path)), filepath: path }) };
}

/** Hand-written text only: what is made from the code has its words from there. */
export function withoutTables(page: string): string {
  return page.replace(TABLE, '');
}

function settingsTable(schema: GraphQLSchema, typeName: string, defaults: object): string {
  const type = schema.getType(typeName);
  if (!isInputObjectType(type)) throw new Error(`"${typeName}" is not an input type of the schema.`);
  const known = new Map<string, unknown>(Object.entries(defaults));
  const rows = Object.values(type.getFields()).map((field) => [
    `\`${field.name}\``,
    typeOf(field),
    known.has(field.name) ? literalOf(field, known.get(field.name)) : '`DOWNLOAD_DIR`',
    field.description ?? '',
  ]);
  return toTable(['setting', 'type', 'default', 'meaning'], rows);
}

function typeOf(field: GraphQLInputField): string {
  const type = getNamedType(field.type);
  if (!isEnumType(type)) return `\`${String(field.type)}\``;
  const values = type.getValues().map(({ name }) => `\`${name}\``);
  return `${String(field.type).startsWith('[') ? 'list of ' : ''}${values.join(', ')}`;
}

/** As it is written in a GraphQL document. */
function literalOf(field: GraphQLInputField, value: unknown): string {
  const isEnum = isEnumType(getNamedType(field.type));
  const json = JSON.stringify(value).replaceAll(',', ', ');
  return `\`${isEnum ? json.replaceAll('"', '') : json}\``;
}

function routeTables(): string {
  const documented = ROUTES.filter(({ docs }) => docs !== null);
  const sections = [...new Set(documented.map(({ path }) => sectionOf(path)))];
  return sections
    .map((section) => {
      const routes = documented.filter(({ path }) => sectionOf(path) === section);
      const rows = routes.map(({ methods, path, docs }) => [
        `\`${methods.join(', ')} ${path}\``,
        docs?.summary ?? '',
      ]);
      return `**${section}**\n\n${toTable(['route', 'purpose'], rows)}`;
    })
    .join('\n\n');
}

function toTable(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
