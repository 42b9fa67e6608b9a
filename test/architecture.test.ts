import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { passThroughsOf } from './kit/pass-throughs.js';

/** Where each file stands. A rule that is in the way of something better is changed here, with the reason. */

const SRC = resolve('src');

/** R1: a file imports only from its own folder and from those before it. Other files directly in src/ come last. */
const ORDER = [
  'lib',
  ...[
    'env-files',
    'env-users',
    'env-sign-in',
    'env-outbound',
    'env-library',
    'env-pages',
    'env-subsonic',
    'env',
  ],
  ...['database', 'embedded-postgres', 'media'],
  ...['events', 'jobs', 'graphql', 'http', 'outbound'],
  'platform',
  ...['auth', 'sign-in', 'sso', 'catalog', 'covers', 'settings', 'accounts', 'library', 'tasks'],
  ...['queue', 'live', 'history'],
  'users',
  ...['downloads', 'watches', 'watch-files', 'upstream', 'rest', 'doctor'],
];
const EXCEPTIONS = [
  // The builder and the resolvers need the type of the context, which holds what all domains add to Deps.
  { to: 'context.ts', from: /^graphql\/|\.graphql\.ts$/ },
];

interface Import {
  /** Below src/, with slashes: `tasks/task.ts`. */
  from: string;
  /** Below src/, or a package's name. */
  to: string;
  inside: boolean;
  typeOnly: boolean;
  /** By `await import(…)`. */
  late: boolean;
  raw: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts') && !file.startsWith('generated/'));
const texts = new Map(files.map((file) => [file, readFileSync(join(SRC, file), 'utf8')]));
const imports = files.flatMap(importsOf);

function textOf(file: string): string {
  return texts.get(file) ?? '';
}

function importsOf(file: string): Import[] {
  const source = ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest);
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, how: Partial<Import>) => {
    if (!specifier || !ts.isStringLiteral(specifier)) return;
    const raw = specifier.text;
    const inside = raw.startsWith('.');
    const path = resolve(SRC, dirname(file), raw).replace(/\.js$/, '.ts');
    const to = inside ? relative(SRC, path).replaceAll('\\', '/') : packageOf(raw);
    found.push({ from: file, to, inside, typeOnly: false, late: false, raw, ...how });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, { typeOnly: isTypeOnly(node) });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], { late: true });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isTypeOnly(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly;
  const clause = statement.importClause;
  if (!clause) return false;
  if (clause.isTypeOnly) return true;
  const named =
    clause.namedBindings && ts.isNamedImports(clause.namedBindings) ? clause.namedBindings.elements : [];
  return !clause.name && named.length > 0 && named.every((element) => element.isTypeOnly);
}

function packageOf(raw: string): string {
  return raw
    .split('/')
    .slice(0, raw.startsWith('@') ? 2 : 1)
    .join('/');
}

const folderOf = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '');
const is = (file: string, ...roles: string[]) => roles.some((role) => file.endsWith(`${role}.ts`));

/** A folder's place in ORDER; a file directly in src/ has its own or, like app.ts and the collectors, the last. */
function placeOf(file: string): number {
  const name = folderOf(file) || file.replace(/\.ts$/, '');
  const place = ORDER.indexOf(name);
  return place < 0 && folderOf(file) === '' ? ORDER.length : place;
}

/** The imports that break a rule, as one would search for them. */
function breaking(rule: (each: Import) => boolean): string[] {
  return imports.filter(rule).map(({ from, raw }) => `${from} imports ${raw}`);
}

describe('imports', () => {
  it('are found, also as types, re-exports and where they are loaded late', () => {
    expect(imports.length).toBeGreaterThan(300);
    expect(imports.some(({ typeOnly }) => typeOnly)).toBe(true);
    expect(imports.some(({ late }) => late)).toBe(true);
  });

  it('come from folders that all have a place', () => {
    expect(files.filter((file) => placeOf(file) < 0)).toEqual([]);
  });

  it('R1: run one way, as in the array', () => {
    const isException = ({ from, to }: Import) =>
      EXCEPTIONS.some((exception) => exception.to === to && exception.from.test(from));
    expect(
      breaking(
        (each) =>
          each.inside &&
          folderOf(each.to) !== 'generated' &&
          placeOf(each.to) > placeOf(each.from) &&
          !isException(each),
      ),
    ).toEqual([]);
  });

  it('R3: only *.graphql.ts and graphql/ import Pothos and the builder, and domains never import graphql', () => {
    const isGraphql = (file: string) => is(file, '.graphql') || folderOf(file) === 'graphql';
    expect(
      breaking(
        ({ from, to }) =>
          (to.startsWith('@pothos/') || to === 'graphql/builder.ts') &&
          !isGraphql(from) &&
          from !== 'schema.ts',
      ),
    ).toEqual([]);
    expect(
      breaking(({ from, to }) => is(to, '.graphql') && !isGraphql(from) && from !== 'schema.ts'),
    ).toEqual([]);
    expect(
      breaking(
        ({ from, to }) =>
          to === 'graphql' &&
          placeOf(from) > ORDER.indexOf('platform') &&
          placeOf(from) < ORDER.indexOf('rest'),
      ),
    ).toEqual([]);
  });

  it('R4: rest/ imports documents, what lies below the domains, and itself', () => {
    const allowed = ['rest', 'generated', 'lib', 'http', 'graphql'];
    // Settings, options and services are defined once: these are data, and REST derives its names and schemas from them.
    const tables = [
      'settings/settings.ts',
      'settings/settings-table.ts',
      'tasks/download-options.ts',
      'accounts/services.ts',
    ];
    expect(
      breaking(
        ({ from, to, inside }) =>
          inside && folderOf(from) === 'rest' && !allowed.includes(folderOf(to)) && !tables.includes(to),
      ),
    ).toEqual([]);
  });

  it('R4: only the collector imports a section’s routes, and sections import no other section’s', () => {
    expect(
      breaking(({ from, to }) => /^rest\/[^/]+\/.*routes\.ts$/.test(to) && from !== 'rest-routes.ts'),
    ).toEqual([]);
  });

  it('R4: only rest/, http/ and graphql/ set headers and statuses', () => {
    const sets = /\b(writeHead|setHeader|statusCode)\b|\bstatus: [1-5]\d\d\b/;
    const wings = ['rest', 'http', 'graphql'];
    expect(files.filter((file) => sets.test(textOf(file)) && !wings.includes(folderOf(file)))).toEqual([
      // Pages and scripts that GraphiQL and Swagger UI share.
      'lib/asset.ts',
      // The status of a response that it reads.
      'outbound/http-client.ts',
    ]);
  });

  it('R5: the Prisma client is for stores, the database and the builder', () => {
    expect(
      breaking(
        ({ from, to }) =>
          (to.startsWith('generated/prisma/') || to === '@prisma/client') &&
          !is(from, '-store') &&
          !['database', 'graphql'].includes(folderOf(from)) &&
          // The rules about who may see what, of which one form is SQL.
          from !== 'auth/access-rules.ts' &&
          !(to === 'generated/prisma/enums.ts' && ['auth', 'sign-in'].includes(folderOf(from))) &&
          !(folderOf(from) === 'events' && to === 'generated/prisma/enums.ts'),
      ),
    ).toEqual([]);
    const queries =
      /\b(?:db|tx)\.(?:\$\w+|\w+\.(?:find|create|update|delete|upsert|count|aggregate|groupBy))/;
    expect(
      files.filter(
        (file) => queries.test(textOf(file)) && !is(file, '-store') && folderOf(file) !== 'database',
      ),
    ).toEqual([
      // Whether the database answers at all.
      'readiness-checks.ts',
    ]);
  });

  it('R5: fluent-ffmpeg, agenda, mongodb and process.env each have one door', () => {
    expect(breaking(({ from, to }) => to === 'fluent-ffmpeg' && from !== 'media/ffmpeg.ts')).toEqual([]);
    expect(
      breaking(({ from, to }) => /^(agenda|mongodb|@agendajs\/)/.test(to) && folderOf(from) !== 'jobs'),
    ).toEqual([]);
    const drivers = ['jobs/mongo-jobs.ts', 'jobs/postgres-jobs.ts'];
    expect(breaking(({ to, late }) => drivers.includes(to) && !late)).toEqual([]);
    const drivesPostgres = ['database', 'jobs', 'embedded-postgres'];
    expect(breaking(({ from, to }) => to === 'pg' && !drivesPostgres.includes(folderOf(from)))).toEqual([]);
    expect(breaking(({ to }) => to === 'process' || to === 'node:process')).toEqual([]);
    // The embedded server's processes inherit what a system needs to start any; no setting is read from it.
    const reads = /\bprocess(\.env\b|\[)|\benv\b[^;]*\} = process\b/;
    expect(files.filter((file) => reads.test(textOf(file)))).toEqual([
      'env.ts',
      'embedded-postgres/identity.ts',
    ]);
  });

  it('R5: only outbound/ opens connections to other servers', () => {
    const clients = ['undici', 'axios', 'got'];
    expect(breaking(({ from, to }) => clients.includes(to) && folderOf(from) !== 'outbound')).toEqual([]);
    const sockets = /^(node:)?(http|https|http2|net|tls|dgram)$/;
    // Of a server, or of the database.
    const own = ['outbound', 'http', 'database', 'embedded-postgres'];
    // The names of statuses, and whether a text is an IP address.
    const names = ['rest/openapi.ts', 'lib/env-values.ts'];
    expect(
      breaking(
        ({ from, to, typeOnly }) =>
          sockets.test(to) && !typeOnly && !own.includes(folderOf(from)) && !names.includes(from),
      ),
    ).toEqual([]);
    const calls = /(?<![.\w]|function )fetch\(|\bglobalThis\b|\bnew (WebSocket|EventSource)\(/;
    expect(files.filter((file) => calls.test(textOf(file)) && folderOf(file) !== 'outbound')).toEqual([
      // A client of its own server.
      'demo.ts',
    ]);
  });

  it('R7: form no circle of files', () => {
    expect(circles()).toEqual([]);
  });

  it('R7: climb two levels only below rest/<section>/ and upstream/<provider>/', () => {
    expect(
      breaking(({ from, raw }) => raw.startsWith('../../') && !/^(rest|upstream)\/[^/]+\//.test(from)),
    ).toEqual([]);
  });
});

function functionsOf(file: string): { name: string; lines: number }[] {
  const source = ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest, true);
  const found: { name: string; lines: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const lines = node
        .getText()
        .split('\n')
        .map((line) => line.trim());
      const code = lines.filter((line) => line !== '' && !/^(\/\/|\/\*|\*)/.test(line));
      found.push({ name: `${file}: ${lines[0]}`, lines: code.length });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Each group of files that can reach each other, by Tarjan's algorithm; imports of types count too. */
function circles(): string[][] {
  const next = new Map(
    files.map((file) => [file, imports.filter(({ from }) => from === file).map(({ to }) => to)]),
  );
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): number => {
    const mine = order.size;
    order.set(file, mine);
    low.set(file, mine);
    stack.push(file);
    for (const to of next.get(file) ?? []) {
      if (!next.has(to)) continue;
      const reached = order.has(to) ? (stack.includes(to) ? (order.get(to) ?? mine) : mine) : visit(to);
      low.set(file, Math.min(low.get(file) ?? mine, reached));
    }
    const lowest = low.get(file) ?? mine;
    if (lowest === mine) {
      const group = stack.splice(stack.indexOf(file));
      if (group.length > 1) found.push(group.sort());
    }
    return lowest;
  };
  files.forEach((file) => void (order.has(file) || visit(file)));
  return found;
}

describe('folders and files', () => {
  it('R6: hold at most 25 files each', () => {
    const counts = new Map<string, number>();
    for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > 25)).toEqual([]);
  });

  it('R6: have at most 300 lines', () => {
    expect(files.filter((file) => textOf(file).split('\n').length > 301)).toEqual([]);
  });

  it('R6: of ten files at most one has fewer than 25 lines', () => {
    const small = files.filter((file) => textOf(file).split('\n').length <= 25);
    expect(small.length, small.join('\n')).toBeLessThanOrEqual(files.length / 10);
  });

  it('are two levels deep, three only below rest/ and upstream/', () => {
    const depth = (file: string) => file.split('/').length;
    expect(files.filter((file) => depth(file) > (/^(rest|upstream)\//.test(file) ? 3 : 2))).toEqual([]);
  });

  it('have kebab-case names, and none is a drawer', () => {
    const drawers =
      /(^|\/)(utils?|helpers?|types?|service|manager|index|common|misc|enums?|wire|shapes?)\.ts$/;
    expect(files.filter((file) => drawers.test(file))).toEqual([]);
    expect(files.filter((file) => !/^[a-z0-9/-]+(\.(graphql|job))?\.ts$/.test(file))).toEqual([]);
  });

  it('are named alike in every section of rest/', () => {
    const names = ['routes', 'documents', 'schemas', 'serialize'];
    // Following tasks is longer than a route may be, actions of one task are also below the paths of downloads, and
    // the routes of watched playlists and artists differ in words alone.
    const further = ['rest/tasks/stream.ts', 'rest/tasks/task-action.ts', 'rest/watches/watch-lists.ts'];
    const others = files.filter(
      (file) => /^rest\/[^/]+\//.test(file) && !is(file, ...names.map((name) => `/${name}`)),
    );
    expect(others).toEqual(further);
  });
});

describe('functions', () => {
  it('R6: have at most 60 lines, but for blank ones and comments', () => {
    expect(files.flatMap((file) => functionsOf(file).filter(({ lines }) => lines > 60))).toEqual([]);
  });

  it('R2: do more than pass their parameters on, but for those of stores', () => {
    expect(
      files.filter((file) => !is(file, '-store')).flatMap((file) => passThroughsOf(file, textOf(file))),
    ).toEqual([]);
  });
});

describe('JSON columns', () => {
  it('are parsed by the store of tasks alone', () => {
    const parses = /\b(queueableItemSchema|storedOptions)\b/;
    expect(files.filter((file) => parses.test(textOf(file)))).toEqual([
      'catalog/catalog-item.ts',
      'tasks/download-options.ts',
      'tasks/task-store.ts',
    ]);
  });
});

describe('types', () => {
  it('are never cast to never, or by way of unknown or any', () => {
    expect(files.filter((file) => /\bas (unknown as|any|never)\b/.test(textOf(file)))).toEqual([]);
  });
});
