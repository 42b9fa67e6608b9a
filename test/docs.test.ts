import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { PATH_PLACEHOLDERS } from '../src/settings/path-placeholders.js';
import { ENV_VARIABLES, parseEnv } from '../src/env.js';
import { MAX_LIST_ITEMS, MAX_TEXT_CHARS } from '../src/graphql/input-limits.js';
import { MAX_COMPLEXITY, QUERY_LIMITS } from '../src/graphql/limits.js';
import { schema } from '../src/schema.js';
import { PAGES_WITH_TABLES, renderEnvExample, renderPage, withoutTables } from '../tools/docs-tables.js';

const PAGES = [
  ...readdirSync('.').filter((name) => name.endsWith('.md')),
  ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];
const textOf = new Map(PAGES.map((path) => [path, readFileSync(path, 'utf8')]));
const proseOf = (path: string) => withoutTables(textOf.get(path) ?? '').replace(/^```.*?^```/gms, '');

describe('the documentation', () => {
  it('has the pages that the project promises', () => {
    const pages = [
      'accounts',
      'architecture',
      'auth',
      'benchmarks',
      'clients',
      'configuration',
      'deezer',
      'graphql',
      'installing',
      'internet-archive',
      'library',
      'operations',
      'reverse-proxies',
      'sources',
      'spotify',
      'subsonic',
      'watches',
    ];
    expect(PAGES).toEqual(
      expect.arrayContaining([
        ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'],
        ...[...pages, 'rest'].map((name) => `docs/${name}.md`),
      ]),
    );
  });

  it.each(PAGES)('has no broken link in %s', (path) => {
    expect(linksOf(path).filter((link) => !resolves(path, link))).toEqual([]);
  });

  it('links to every page from the README', () => {
    const linked = linksOf('README.md').map((link) => link.replace(/#.*/, ''));
    expect(PAGES.filter((path) => path !== 'README.md' && !linked.includes(path))).toEqual([]);
  });

  it.each(PAGES.flatMap(graphqlBlocksOf))(
    'has GraphQL that the schema accepts: $path $source',
    ({ source }) => {
      expect(validate(schema, parse(source)).map(String)).toEqual([]);
    },
  );

  it.each(PAGES)('uses the words of the field in %s', (path) => {
    const words =
      /\b(?:catalogues?|anew|news|told of|tells of|makes? no sense|what came of it|is none|is no id)\b/gi;
    expect(proseOf(path).match(words) ?? []).toEqual([]);
  });

  it.each(PAGES)('names scripts and files that exist in %s', (path) => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: object };
    const text = textOf.get(path) ?? '';
    const named = [...text.matchAll(/\bnpm run ([\w-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    const paths = [...proseOf(path).matchAll(/`((?:src|test|tools|docs|prisma)\/[\w./-]+)`/g)];
    expect(paths.map(([, name = '']) => name).filter((name) => !existsSync(name))).toEqual([]);
  });

  it.each(PAGES_WITH_TABLES)(
    'has tables and files that follow the code in %s (npm run docs writes them)',
    async (path) => {
      const { current, rendered } = await renderPage(path);
      expect(current).toBe(rendered);
    },
  );
});

describe('docs/configuration.md', () => {
  const page = textOf.get('docs/configuration.md') ?? '';
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` +\| (.+?) +\| .+\|$/gm)].map(
    ([, name = '', value = '']) => ({ name, value }),
  );

  it('lists every variable of the environment, and no other', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual(ENV_VARIABLES.map(({ name }) => name).sort());
  });

  it.each(rows.filter(({ value }) => value !== 'none'))('states the default of $name', ({ name, value }) => {
    const stated = /^`(.+)`$/.exec(value)?.[1];
    expect(parseEnv({ [name]: stated })).toEqual(parseEnv({}));
    expect(Object.values(parseEnv({})).flat().join(', ')).toContain(String(stated).replace(/^\.\//, ''));
  });

  it.each(rows.filter(({ value }) => value === 'none'))('says that $name has no default', ({ name }) => {
    expect(unsetValueOf(name)).toSatisfy(
      (value) =>
        [null, undefined, false].includes(value as null) || (Array.isArray(value) && value.length === 0),
    );
  });

  it('lists every placeholder of paths', () => {
    const listed = [...page.matchAll(/^\| (`%.+?) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/%([a-z]\w*)%/g)].map(([, name]) => name),
    );
    expect(listed.sort()).toEqual([...PATH_PLACEHOLDERS, 'artist_N', 'ar_album_N'].sort());
  });
});

describe('.env.example', () => {
  const example = readFileSync('.env.example', 'utf8');
  const set = [...example.matchAll(/^#([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]);

  it('follows the code (npm run docs writes it)', () => {
    expect(example).toBe(renderEnvExample());
  });

  it('has every variable once, with a line of meaning, and changes nothing as it is', () => {
    expect(set.map(([name]) => name)).toEqual(ENV_VARIABLES.map(({ name }) => name));
    expect(example.match(/^# .+\n#[A-Z_]+=/gm)).toHaveLength(set.length);
    expect(example.match(/^[^#\n]/gm)).toBeNull();
    expect(parseEnv(Object.fromEntries(set) as Record<string, string>)).toEqual(parseEnv({}));
  });
});

describe('docs/clients.md', () => {
  const page = textOf.get('docs/clients.md') ?? '';

  it.each(['ts', 'python', 'go', 'sh'])('shows a complete program in %s', (language) => {
    expect(page).toMatch(
      new RegExp(`^<!-- file: test/clients/[\\w./-]+/story\\.\\w+ -->\\n\\n\`\`\`${language}\\n`, 'm'),
    );
  });

  it('states the limits of a query', () => {
    const limits = page.slice(page.indexOf('\n## Limits'));
    const { depth, introspectionDepth, fields, aliases, directives, rootFields, tokens } = QUERY_LIMITS;
    expect(limits).toMatch(new RegExp(`Depth +\\| ${depth}; introspection ${introspectionDepth} `));
    expect(limits).toMatch(`| ${[fields, aliases, directives].map(withCommas).join(', ')} `);
    expect(limits).toMatch(new RegExp(`operation itself +\\| ${rootFields} `));
    expect(limits).toMatch(new RegExp(`Tokens +\\| ${withCommas(tokens)} `));
    expect(limits).toMatch(
      new RegExp(`Items of a list in the arguments +\\| ${withCommas(MAX_LIST_ITEMS)} `),
    );
    expect(limits).toMatch(new RegExp(`Cost: .+ \\| ${withCommas(MAX_COMPLEXITY)} `));
    expect(limits).toMatch(new RegExp(`Characters of a text +\\| ${withCommas(MAX_TEXT_CHARS)} `));
  });
});

const withCommas = (number: number) => number.toLocaleString('en');

/** Of a variable without a default, what the program makes of its absence. */
function unsetValueOf(name: string): unknown {
  const env = parseEnv({});
  const values: Record<string, unknown> = {
    ...env,
    databaseUrl: 'url' in env.database ? env.database.url : null,
    mongodbUrl: 'url' in env.jobStore ? env.jobStore.url : null,
    nodeEnv: env.development,
    secretKeyPrevious: env.previousSecretKey,
    trustProxy: env.trustedProxies,
    ...namedAlike(/^(?:GOOGLE|GITHUB|OIDC)_/, env.signInProviders),
    ...namedAlike(/^SUBSONIC_/, env.subsonicServers),
    ...namedAlike(/^ADMIN_/, env.firstAdmin),
    ...namedAlike(/^AUTH_PROXY_/, env.authProxy),
    downloadRoots: env.downloadRoots.filter((root) => root !== env.downloadDir),
  };
  const key = camelCase(name);
  expect(Object.keys(values)).toContain(key);
  return values[key];
}

const camelCase = (name: string) =>
  name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Variables that the program reads as one value. */
function namedAlike(pattern: RegExp, value: unknown): Record<string, unknown> {
  const alike = ENV_VARIABLES.filter(({ name }) => pattern.test(name));
  return Object.fromEntries(alike.map(({ name }) => [camelCase(name), value]));
}

/** Relative ones, with anchors; also of pictures. */
function linksOf(path: string): string[] {
  const targets = [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^https?:/.test(target));
}

function resolves(from: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? from : normalize(join(dirname(from), file));
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(path: string): string[] {
  const headings = proseOf(path).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function graphqlBlocksOf(path: string): { path: string; source: string }[] {
  const blocks = (textOf.get(path) ?? '').matchAll(/^```graphql\n(.*?)^```/gms);
  return [...blocks].map(([, source = '']) => ({ path, source }));
}
