import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** Which way imports run. A rule that is in the way of something better is changed here, with the reason. */

const SRC = resolve('src');
/** Each may import from those before it. */
const DOMAINS = ['config', 'auth', 'accounts', 'catalog', 'tasks', 'downloads', 'watches', 'history'];
const FOUNDATIONS = ['store', 'events', 'media', 'jobs'];

interface Import {
  /** Below src/, with slashes: `tasks/task.ts`. */
  from: string;
  /** Below src/, or a package's name. */
  to: string;
  inside: boolean;
  typeOnly: boolean;
  /** By `await import(…)`: when it is needed, if ever. */
  late: boolean;
  raw: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts') && !file.startsWith('generated/'));
const imports = files.flatMap(importsOf);

function importsOf(file: string): Import[] {
  const source = ts.createSourceFile(file, readFileSync(join(SRC, file), 'utf8'), ts.ScriptTarget.Latest);
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
const domainOf = (file: string) => DOMAINS.indexOf(folderOf(file));
const isDomain = (file: string) => domainOf(file) >= 0;
const is = (file: string, ...roles: string[]) => roles.some((role) => file.endsWith(`${role}.ts`));
const collects = ['graphql/schema.ts', 'rest/routes.ts', 'jobs/registry.ts'];

/** The imports that break a rule, as they would be looked for. */
function breaking(rule: (each: Import) => boolean): string[] {
  return imports.filter(rule).map(({ from, raw }) => `${from} imports ${raw}`);
}

describe('imports', () => {
  it('are found, also as types, re-exports and where they are loaded late', () => {
    expect(imports.length).toBeGreaterThan(300);
    expect(imports.some(({ typeOnly }) => typeOnly)).toBe(true);
    expect(imports.some(({ late }) => late)).toBe(true);
  });

  it('R0: a domain imports from domains to its left only', () => {
    expect(
      breaking(({ from, to }) => isDomain(from) && isDomain(to) && domainOf(to) > domainOf(from)),
    ).toEqual([]);
  });

  it('R1: lib imports nothing of ours', () => {
    expect(
      breaking(({ from, to, inside }) => inside && folderOf(from) === 'lib' && folderOf(to) !== 'lib'),
    ).toEqual([]);
  });

  it('R2: store, events, media and the job kit import only each other, lib and generated types', () => {
    const allowed = [...FOUNDATIONS, 'lib', 'generated'];
    expect(
      breaking(
        ({ from, to, inside, typeOnly }) =>
          inside &&
          FOUNDATIONS.includes(folderOf(from)) &&
          from !== 'jobs/registry.ts' &&
          !allowed.includes(folderOf(to)) &&
          !(typeOnly && to === 'env.ts'),
      ),
    ).toEqual([]);
  });

  // DESIGN lets nobody import a *.graphql.ts of a domain to the left. Pothos's refs are the names of GraphQL's
  // types, though, and a field of type Track needs Track's: so a *.graphql.ts may import another's refs.
  it('R3: nobody reaches into another domain’s store, REST routes or handlers', () => {
    expect(
      breaking(
        ({ from, to, typeOnly }) =>
          isDomain(from) &&
          isDomain(to) &&
          folderOf(from) !== folderOf(to) &&
          (is(to, '.rest', '.handler') ||
            (is(to, '.graphql') && !is(from, '.graphql')) ||
            (is(to, '-store') && !typeOnly)),
      ),
    ).toEqual([]);
  });

  it('R4: upstream takes only types from domains, and no domain imports upstream', () => {
    expect(
      breaking(({ from, to, typeOnly }) => folderOf(from) === 'upstream' && isDomain(to) && !typeOnly),
    ).toEqual([]);
    expect(breaking(({ from, to }) => isDomain(from) && folderOf(to) === 'upstream')).toEqual([]);
  });

  it('R5: only *.graphql.ts and graphql/ import Pothos, and domains never import graphql', () => {
    expect(
      breaking(
        ({ from, to }) => to.startsWith('@pothos/') && !is(from, '.graphql') && folderOf(from) !== 'graphql',
      ),
    ).toEqual([]);
    expect(breaking(({ from, to }) => isDomain(from) && to === 'graphql')).toEqual([]);
  });

  it('R6: a *.rest.ts imports documents, shapes and rest/ only', () => {
    const allowed = ['rest', 'generated', 'lib'];
    expect(
      breaking(
        ({ from, to, inside, typeOnly }) =>
          inside &&
          is(from, '.rest') &&
          !allowed.includes(folderOf(to)) &&
          !typeOnly &&
          !is(to, '-wire', '-shape'),
      ),
    ).toEqual([]);
  });

  it('R7: only stores and the GraphQL builder import the Prisma client', () => {
    expect(
      breaking(
        ({ from, to }) =>
          (to.startsWith('generated/prisma/') || to === '@prisma/client') &&
          !is(from, '-store') &&
          folderOf(from) !== 'store' &&
          !(folderOf(from) === 'events' && to === 'generated/prisma/enums.ts'),
      ),
    ).toEqual([]);
  });

  it('R8: fluent-ffmpeg, agenda, mongodb and process.env each have one door', () => {
    const doors: Record<string, string> = {
      'fluent-ffmpeg': 'media/ffmpeg.ts',
      agenda: 'jobs/agenda.ts',
      '@agendajs/mongo-backend': 'jobs/mongo-jobs.ts',
      '@agendajs/postgres-backend': 'jobs/postgres-jobs.ts',
      mongodb: 'jobs/mongo-jobs.ts',
    };
    expect(breaking(({ from, to }) => doors[to] !== undefined && doors[to] !== from)).toEqual([]);
    const drivers = ['jobs/mongo-jobs.ts', 'jobs/postgres-jobs.ts'];
    expect(breaking(({ to, late }) => drivers.includes(to) && !late)).toEqual([]);
    const readers = files.filter((file) => /process\.env\b/.test(readFileSync(join(SRC, file), 'utf8')));
    // The embedded server's processes inherit what a system needs to start any; nothing is read from it.
    expect(readers).toEqual(['env.ts', 'store/embedded-identity.ts']);
  });

  it('R9: only the collectors import REST routes and handlers, and GraphQL types from outside GraphQL', () => {
    expect(
      breaking(
        ({ from, to }) =>
          !collects.includes(from) &&
          (is(to, '.rest', '.handler') || (is(to, '.graphql') && !is(from, '.graphql'))),
      ),
    ).toEqual([]);
  });

  it('R10: none climbs two levels, but in upstream/<provider>/', () => {
    expect(breaking(({ from, raw }) => raw.startsWith('../../') && folderOf(from) !== 'upstream')).toEqual(
      [],
    );
  });

  it('R11: folders are at most one deep, but in upstream/', () => {
    const deep = files.filter((file) => file.split('/').length > 2 && folderOf(file) !== 'upstream');
    expect(deep).toEqual([]);
  });
});

describe('names', () => {
  it('are kebab-case, and none is a drawer', () => {
    const drawers = /(^|\/)(utils?|helpers?|types?|service|manager|index|common|misc|enums?)\.ts$/;
    expect(files.filter((file) => drawers.test(file))).toEqual([]);
    expect(files.filter((file) => !/^[a-z0-9/-]+(\.[a-z]+)?\.ts$/.test(file))).toEqual([]);
  });
});
