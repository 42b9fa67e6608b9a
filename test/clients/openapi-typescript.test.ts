import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRest, type RestTestApp } from '../rest/rest-app.js';

let app: RestTestApp;
let directory: string;
let types: string;

beforeAll(async () => {
  app = await startRest({ env: { role: 'all' } });
  // Below node_modules, so that the program finds its packages.
  directory = mkdtempSync(resolve('node_modules/.reprise-client-'));
  cpSync('test/clients/openapi-typescript', directory, { recursive: true });
  const { body } = await app.get('/openapi.json');
  types = astToString(await openapiTS(JSON.stringify(body)));
  writeFileSync(join(directory, 'schema.ts'), types);
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await app.stop();
});

/** Of the program and the types, strictly checked. */
function findTypeErrors(file: string): string[] {
  const program = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.asynciterable.d.ts'],
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
  });
  return ts.getPreEmitDiagnostics(program).map(({ messageText, start, file }) => {
    const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${file?.fileName}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

describe('a client made by openapi-typescript', () => {
  it('type-checks, and runs the story: search, download, follow, files, cancel, retry', async () => {
    const program = join(directory, 'story.ts');
    expect(findTypeErrors(program)).toEqual([]);
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program, app.url]);
    const { files, formats, ...story } = JSON.parse(stdout) as { files: string[]; formats: string[] };
    expect(story).toEqual({
      title: 'Night Ferry',
      tracks: files.length,
      firstArtist: 'Saltglass Choir',
      status: 'done',
      successful: files.length,
      cancelled: 'cancelled',
      cancelledAgain: expect.stringContaining('cancelled') as string,
      retried: true,
      refused: expect.stringMatching(/^convertTo: allowed are keep, mp3/) as string,
    });
    expect(files.every((file) => existsSync(file))).toBe(true);
    expect(new Set(formats)).toEqual(new Set(['MP3']));
  });

  it('has no type that is named after an address', () => {
    const names = [...types.matchAll(/^ {8}(\w+): \{$/gm)].map(([, name]) => name);
    expect(names).toEqual(expect.arrayContaining(['Album', 'Artist', 'Task', 'DownloadOptions']));
    expect(names.filter((name) => /\d|Response/.test(name ?? ''))).toEqual([]);
  });
});
