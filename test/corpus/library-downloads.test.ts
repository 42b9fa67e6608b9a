import { join } from 'node:path';
import { mkdir, rm, stat, utimes } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type { AudioFormat } from '../../src/generated/documents/graphql.js';
import { searchOf } from '../kit/ask.js';
import { bareFfmpeg, createWorkspace, readTags } from '../kit/audio.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';
import { breakFile, FADE_IN, makeOldMp3, makeRichFlac, RICH, TONE } from './recipes.js';

const LIBRARY = graphql(`
  query CorpusLibrary {
    library {
      fileCount
    }
  }
`);

const SEARCH = graphql(`
  query SearchCorpus($query: String!) {
    search(query: $query, type: TRACK) {
      edges {
        node {
          __typename
          ... on Track {
            id
            durationMs
          }
        }
      }
    }
  }
`);

const FILES = 6;
let workspace: Awaited<ReturnType<typeof createWorkspace>>;
const apps: TestApp[] = [];

async function startWith(tagsFromCatalog: boolean): Promise<TestApp> {
  const env = { catalog: 'library' as const, libraryDirs: [workspace.path] };
  const app = await startApp({ env, overrides: { settings: { tagsFromCatalog, maxRetries: 0 } } });
  apps.push(app);
  await waitFor(async () => (await app.execute(LIBRARY)).library.fileCount === FILES, {
    timeoutMs: 60_000,
    what: `${FILES} files in the library`,
  });
  return app;
}

let app: TestApp;
let strict: TestApp;

beforeAll(async () => {
  workspace = await createWorkspace();
  const path = async (name: string) => {
    await mkdir(join(workspace.path, name, '..'), { recursive: true });
    return workspace.file(name);
  };
  const says = (title: string) => [
    '-metadata',
    `title=${title}`,
    '-metadata',
    'artist=Nan Oak',
    '-metadata',
    `album=${title}`,
  ];
  await bareFfmpeg(
    ...FADE_IN(40),
    ...says('Fade In'),
    '-q:a',
    '4',
    '-write_xing',
    '0',
    await path('vbr/1.mp3'),
  );
  const broken = await path('broken/1.flac');
  await bareFfmpeg(...FADE_IN(40), ...says('Eight Gone'), broken);
  await breakFile(broken, { from: 0.5, share: 0.1 });
  await makeRichFlac(await path('rich/1.flac'), RICH);
  await bareFfmpeg(
    ...TONE(8),
    ...says('Aiff Song'),
    '-c:a',
    'pcm_s24be',
    '-write_id3v2',
    '1',
    await path('aif/1.aiff'),
  );
  await makeOldMp3(await path('slash/1.mp3'));
  await bareFfmpeg(...FADE_IN(20), ...says('Verified Song'), await path('verified/1.flac'));
  app = await startWith(true);
  strict = await startWith(false);
});
afterAll(async () => {
  for (const each of apps) await each.stop();
  await workspace.remove();
});

async function findTrack(query: string, on = app) {
  const [first] = searchOf(await on.execute(SEARCH, { query })).edges.map(({ node }) => node);
  if (first?.__typename !== 'Track') throw new Error(`${query} was not found`);
  return first;
}

async function download(query: string, format: AudioFormat, on = app) {
  const { id } = await findTrack(query, on);
  return ended(on, await queue(on, { item: id, options: { format } }), 60_000);
}

const COMPLETED = { state: 'COMPLETED', error: null };

describe('a file of the library', () => {
  it.each([
    ['KEEP', () => app],
    ['MP3', () => strict],
  ] as const)('without a Xing header has its real length, and becomes %s (F01)', async (format, on) => {
    const { durationMs } = await findTrack('Fade In', on());
    expect(Math.abs(Number(durationMs) - 40_000)).toBeLessThan(1_000);
    const task = await download('Fade In', format, on());
    expect(task).toMatchObject(COMPLETED);
    expect(Math.abs(Number(task.file?.durationMs) - 40_000)).toBeLessThan(1_000);
  });

  it.each(['KEEP', 'MP3', 'OPUS'] as const)(
    'with a hole fails as %s, and says how much is missing (F02)',
    async (format) => {
      expect(await download('Eight Gone', format)).toMatchObject({
        state: 'FAILED',
        file: null,
        error: {
          code: 'SOURCE_DAMAGED',
          message: expect.stringMatching(
            /^The audio is damaged: [34](?:\.\d)? of 40 s cannot be decoded\.$/,
          ) as string,
        },
      });
    },
  );

  it.each([
    ['with the catalog’s tags', () => app],
    ['with its own tags', () => strict],
  ])('keeps all that it says, %s (F03, F04, F05)', async (_how, on) => {
    const task = await download('Rich Song', 'KEEP', on());
    expect(task).toMatchObject(COMPLETED);
    const { native } = await readTags(task.file?.path ?? '');
    const read: Record<string, unknown[]> = {};
    for (const { id, value } of native['vorbis'] ?? []) (read[id] ??= []).push(value);
    expect(read).toMatchObject({ ...RICH, SOURCE: ['library'], LICENSE: ['Your own file'] });
  });

  it('is remembered as whole once a copy of it was decoded, and not when it is damaged', async () => {
    const of = (title: string) => app.deps.db.libraryFile.findFirstOrThrow({ where: { title } });
    expect(['COMPLETED', 'SKIPPED']).toContain((await download('Rich Song', 'KEEP')).state);
    expect(await of('Rich Song')).toMatchObject({
      verifiedSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      verifiedProbe: expect.stringContaining('"codec":"flac"') as string,
    });
    expect(await download('Eight Gone', 'KEEP')).toMatchObject({ state: 'FAILED' });
    expect(await of('Eight Gone')).toMatchObject({ verifiedSha256: null });
  });

  it('that was verified is copied with what was known of it, until its audio is another', async () => {
    const path = workspace.file('verified/1.flac');
    const copy = () => download('Verified Song', 'KEEP');
    const { file: first } = await copy();
    const where = { title: 'Verified Song' };
    const { verifiedProbe } = await app.deps.db.libraryFile.findFirstOrThrow({ where });
    // What no probe would say shows that there was none.
    const known: object = JSON.parse(verifiedProbe ?? '') as object;
    const data = { verifiedProbe: JSON.stringify({ ...known, bitrateKbps: 1_234 }) };
    await app.deps.db.libraryFile.updateMany({ where, data });
    await rm(first?.path ?? '');
    expect((await copy()).file).toMatchObject({ bitrateKbps: 1_234, durationMs: first?.durationMs });
    const { atime, mtime } = await stat(path);
    await breakFile(path, { from: 0.5, share: 0.2 });
    await utimes(path, atime, mtime);
    await rm(first?.path ?? '');
    expect(await copy()).toMatchObject({ state: 'FAILED', error: { code: 'SOURCE_DAMAGED' } });
  });

  it('keeps AIFF an AIFF, whose format is not called WAV (F15)', async () => {
    const { file } = await download('Aiff Song', 'KEEP');
    expect(file).toMatchObject({ format: null, path: expect.stringMatching(/\.aiff$/) as string });
    expect((await readTags(file?.path ?? '')).format.container).toBe('AIFF');
  });

  it('keeps the slash in a name (F10)', async () => {
    const { file } = await download('Slashed Song', 'KEEP');
    const { native } = await readTags(file?.path ?? '');
    // music-metadata takes it apart; the bytes are tested in own-music.test.ts.
    const names = native['ID3v2.3']?.filter(({ id }) => id === 'TPE1').map(({ value }) => value);
    expect(names?.join('/')).toBe('GZ/Harbour');
  });
});
