/** What is made from the code in docs/: tables, and files that a page shows as they are. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { isSecretVariable } from '../src/lib/env-values.js';
import { ENV_VARIABLES } from '../src/env.js';
import { AUDIO_EXTENSIONS } from '../src/library/file-kinds.js';
import { FORMAT_FACTS } from '../src/media/containers.js';
import { mainRequirementOf, ruledFieldsOf } from '../src/graphql/field-rules.js';
import { REQUEST_CODES } from '../src/graphql/request-codes.js';
import { describeRow, nullNote, wordsOf, type TableRow } from '../src/settings/settings-table.js';
import { SETTINGS_ROWS, WATCH_SETTINGS_ROWS } from '../src/settings/settings.js';
import { REST_OPTIONS, type restOptions } from '../src/rest/downloads/serialize.js';
import { documentedFormOf } from '../src/rest/input.js';
import { sectionOf } from '../src/rest/openapi.js';
import { ROUTES } from '../src/rest-routes.js';
import { schema } from '../src/schema.js';

export const PAGES_WITH_TABLES = [
  'docs/clients.md',
  'docs/configuration.md',
  'docs/graphql.md',
  'docs/library.md',
  'docs/rest.md',
];

const TABLES: Record<string, () => string> = {
  settings: () => settingsTable(SETTINGS_ROWS),
  'watch settings': () => settingsTable(WATCH_SETTINGS_ROWS),
  'download options': () => optionsTable(REST_OPTIONS),
  routes: routeTables,
  'request codes': codesTable,
  scopes: scopesTable,
  'secret files': secretFilesList,
  extensions: extensionsList,
  formats: formatsTable,
};

const TABLE = /(?<=<!-- table: ([a-z ]+) -->\n).*?(?=<!-- end of table -->)/gs;
const FILE = /(?<=<!-- file: ([\w./-]+) -->\n).*?(?=<!-- end of file -->)/gs;
const LANGUAGES: Record<string, string> = { py: 'python' };

/** A page as it is and with its tables and files put in again; the same when they are up to date. */
export async function renderPage(path: string): Promise<{ current: string; rendered: string }> {
  const current = await readFile(path, 'utf8');
  const filled = current
    .replace(TABLE, (_old, name: string) => {
      const makeTable = TABLES[name];
      if (!makeTable)
        throw new Error(`There is no table "${name}"; allowed: ${Object.keys(TABLES).join(', ')}.`);
      return `\n${makeTable()}\n\n`;
    })
    .replace(FILE, (_old, name: string) => {
      const extension = name.slice(name.lastIndexOf('.') + 1);
      return `\n\`\`\`${LANGUAGES[extension] ?? extension}\n${readFileSync(name, 'utf8')}\`\`\`\n\n`;
    });
  return { current, rendered: await format(filled, { ...(await resolveConfig(path)), filepath: path }) };
}

const ENV_EXAMPLE_HEAD = `# Variables of Reprise, with their defaults. Copy this file to .env, and remove the "#" before what you change.
# Docker Compose reads it by "env_file", systemd by "EnvironmentFile", Node by "--env-file".
# docs/configuration.md says more of each.`;

/** `.env.example`: every variable, what it means, and its default. */
export function renderEnvExample(): string {
  const entries = ENV_VARIABLES.map(({ name, default: value, description }) => {
    const further = isSecretVariable(name) ? ` Or ${name}_FILE, a file that holds it.` : '';
    return `# ${description}${further}\n#${name}=${value ?? ''}`;
  });
  return `${[ENV_EXAMPLE_HEAD, ...entries].join('\n\n')}\n`;
}

function secretFilesList(): string {
  const names = ENV_VARIABLES.map(({ name }) => name).filter(isSecretVariable);
  return names.map((name) => `\`${name}_FILE\``).join(', ');
}

function extensionsList(): string {
  return `${[...AUDIO_EXTENSIONS].map((extension) => `\`${extension}\``).join(', ')}.`;
}

function formatsTable(): string {
  const rows = Object.entries(FORMAT_FACTS).map(([format, { container, codecs, encoder }]) => [
    `\`${format}\``,
    `\`.${container}\``,
    codecs.map((codec) => `\`${codec}\``).join(', '),
    `\`${encoder}\``,
  ]);
  return toTable(['format', 'extension', 'codecs that need no converting', 'encoder'], rows);
}

/** Hand-written text only: what is made from the code has its words from there. */
export function withoutTables(page: string): string {
  return page.replace(TABLE, '');
}

export function settingsTable(rows: readonly TableRow[]): string {
  const cells = rows.map((row) => [
    `\`${row.name}\``,
    typeOf(row),
    row.default === undefined ? '`DOWNLOAD_DIR`' : literalOf(row),
    describeRow(row) + nullNote(row),
  ]);
  return toTable(['setting', 'type', 'default', 'meaning'], cells);
}

export function optionsTable(options: ReturnType<typeof restOptions>): string {
  const cells = [...options].map(([name, { key, schema, row }]) => {
    const form = documentedFormOf(schema);
    const words = form?.['enum'];
    const values = Array.isArray(words) ? words.map((word) => `\`${word}\``).join(', ') : form?.['type'];
    return [`\`${key}\``, `\`${name}\``, String(values ?? 'string'), describeRow(row)];
  });
  return toTable(['parameter', 'in GraphQL', 'type', 'meaning'], cells);
}

const SCALARS = { boolean: '`Boolean`', text: '`String`', int: '`Int`', float: '`Float`' };

function typeOf({ form }: TableRow): string {
  if (form.type !== 'enum' && form.type !== 'list') return SCALARS[form.type];
  const words = wordsOf(form).map((word) => `\`${word}\``);
  return `${form.type === 'list' ? 'list of ' : ''}${words.join(', ')}`;
}

/** As it is written in a GraphQL document. */
function literalOf({ default: value, form }: TableRow): string {
  const json = JSON.stringify(value).replaceAll(',', ', ');
  return `\`${'choices' in form ? json.replaceAll('"', '') : json}\``;
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

function codesTable(): string {
  const rows = Object.entries(REQUEST_CODES).map(([code, { status, meaning }]) => [
    `\`${code}\``,
    status,
    meaning,
  ]);
  return toTable(['code', 'HTTP status', 'meaning'], rows);
}

const SCOPE_MEANINGS: Record<string, string> = {
  READ: 'Every other query and subscription; of tasks and history, what is your own',
  DOWNLOAD: 'Queue downloads',
  MANAGE: 'Control your own tasks',
  ADMIN: 'What concerns everybody: settings, users, accounts; a viewer with it sees the tasks of all',
  signedIn: 'Your own account and keys: any user, with no particular scope',
};

/** From the schema itself; the fields that READ allows are all that are not named. */
function scopesTable(): string {
  const all = ruledFieldsOf(schema);
  const roots = ['Query', 'Mutation', 'Subscription'];
  const nameOf = ({ type, field, requirements }: (typeof all)[number]) => {
    if (roots.includes(type.name)) return field.name;
    const isWhole = all.every(
      (each) => each.type !== type || each.requirements.at(-1) === requirements.at(-1),
    );
    return isWhole ? type.name : `${type.name}.${field.name}`;
  };
  const fieldsWith = (scope: string) =>
    [...new Set(all.filter((each) => mainRequirementOf(each) === scope).map(nameOf))].sort();
  const rows = Object.entries(SCOPE_MEANINGS).map(([scope, meaning]) => [
    scope === 'signedIn' ? 'none' : `\`${scope}\``,
    meaning,
    scope === 'READ'
      ? ''
      : fieldsWith(scope)
          .map((name) => `\`${name}\``)
          .join(', '),
  ]);
  return toTable(['scope', 'for', 'fields'], rows);
}

function toTable(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
