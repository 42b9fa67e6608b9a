import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type { CatalogType } from '../../src/generated/documents/graphql.js';
import { searchOf } from '../kit/ask.js';
import { bareFfmpeg, readTags } from '../kit/audio.js';
import { CHILDREN } from '../kit/documents.js';
import { makeCover } from '../kit/library.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';

/* Own music as it comes out: each file of a download, by what the owner’s tags say. */

const LIBRARY = graphql(`
  query AlbumCorpusLibrary {
    library {
      fileCount
      missingFileCount
      problemCounts {
        kind
        count
      }
      problems(first: 10) {
        nodes {
          path
          kind
          problem
        }
      }
      lastScan {
        finishedAt
        problemCount
      }
    }
  }
`);

const FIND = graphql(`
  query FindInAlbumCorpus($query: String!, $type: CatalogType!) {
    search(query: $query, type: $type) {
      nodes {
        ... on Track {
          id
        }
        ... on Album {
          id
          trackCount
        }
      }
    }
  }
`);

const FORGET = graphql(`
  mutation ForgetMissingFiles {
    forgetMissingFiles {
      __typename
      ... on MissingFilesForgotten {
        forgottenCount
        library {
          fileCount
        }
      }
      ... on Error {
        code
      }
    }
  }
`);

const SCAN = graphql(`
  mutation ScanAlbumCorpus {
    scanLibrary {
      __typename
    }
  }
`);

type Tags = Record<string, string>;

let root: string;
let app: TestApp;
let downloads: string;

async function add(relative: string, seconds: number, tags: Tags, ...more: string[]): Promise<void> {
  const path = join(root, 'music', relative);
  await mkdir(dirname(path), { recursive: true });
  const metadata = Object.entries(tags).flatMap(([name, value]) => ['-metadata', `${name}=${value}`]);
  await bareFfmpeg('-f', 'lavfi', '-i', `sine=f=330:d=${seconds}`, ...metadata, ...more, path);
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'reprise-corpus-'));
  downloads = join(root, 'music', 'made by Reprise');
  const total = { artist: 'Tot All', album_artist: 'Tot All', album: 'Totals', disc: '1/3' };
  await add('totals/7.flac', 3, { ...total, title: 'Seventh', track: '7', TRACKTOTAL: '12' });
  await add('low/9.mp3', 3, { artist: 'Low', album: 'Lower', title: 'Ninth', track: '9' });
  const barnacle = { artist: 'DJ Barnacle Protocol', album: 'Hull Frequencies' };
  const code = { ISRC: 'XXDEM2414106', TSRC: 'XXDEM2414106' };
  await add('isrc/wrong.flac', 24, { ...barnacle, ...code, title: 'Suite: III. Other Movement' });
  await add('isrc/right.mp3', 20.5, { ...barnacle, ...code, title: 'Sonar Etiquette' }, '-b:a', '192k');
  const slash = {
    artist: 'GZ/Harbour',
    album_artist: 'GZ/Harbour',
    album: 'Slash',
    title: 'Slashed',
    track: '1',
  };
  await add('slash/1.mp3', 3, slash, '-id3v2_version', '3');
  for (const number of [1, 2]) {
    const both = {
      artist: 'Twin',
      album_artist: 'Twin',
      album: 'Both',
      title: `Song ${number}`,
      track: `${number}`,
    };
    await add(`Twin/Both (FLAC)/${number}.flac`, 3, both);
    await add(`Twin/Both (MP3)/${number}.mp3`, 3, both);
    const side = {
      artist: 'Side',
      album_artist: 'Side',
      album: 'Two Disc',
      title: `Disc ${number}`,
      track: '1',
    };
    await add(`Side/Two Disc/CD${number}/1.flac`, 3, { ...side, disc: `${number}` });
  }
  await makeCover(join(root, 'music', 'Side/Two Disc/folder.jpg'), 'purple');
  await mkdir(join(root, 'second'));
  await rename(join(root, 'music', 'low'), join(root, 'second', 'low'));
  const libraryDirs = [join(root, 'music'), join(root, 'second'), join(root, 'missing')];
  app = await startApp({ env: { libraryDirs, catalog: 'library', downloadDir: downloads } });
  await scanned();
});
afterAll(async () => {
  await app?.stop();
  await rm(root, { recursive: true, force: true });
});

const libraryOf = async () => (await app.execute(LIBRARY)).library;

async function scanned(before: string | null = null) {
  const isDone = async () => {
    const library = await libraryOf();
    const at = library.lastScan?.finishedAt;
    return at && at !== before ? library : null;
  };
  return waitFor(isDone, { timeoutMs: 120_000, what: 'the end of a scan' });
}

async function scan() {
  const before = (await libraryOf()).lastScan?.finishedAt ?? null;
  await app.execute(SCAN);
  return scanned(before);
}

async function find(query: string, type: CatalogType): Promise<string> {
  const [first] = searchOf(await app.execute(FIND, { query, type })).nodes;
  if (!first || !('id' in first)) throw new Error(`${query} was not found`);
  return first.id;
}

/** Paths of all files of an album, below the download directory. */
async function downloadAlbum(query: string): Promise<string[]> {
  const item = await find(query, 'ALBUM');
  const task = await ended(
    app,
    await queue(app, { item, type: 'ALBUM', options: { format: 'KEEP' } }),
    120_000,
  );
  expect(['COMPLETED', 'SKIPPED']).toContain(task.state);
  const { task: parent } = await app.execute(CHILDREN, { id: task.id });
  return (parent?.children?.edges ?? []).map(({ node }) => node.file?.path ?? '').sort();
}

it('tells of a directory that is missing at start, and reads the others', async () => {
  const library = await libraryOf();
  expect(library.problems?.nodes).toEqual([
    { path: join(root, 'missing'), kind: 'AWAY', problem: 'It is missing; perhaps its disk is not mounted.' },
  ]);
  expect(library).toMatchObject({
    fileCount: 11,
    problemCounts: [{ kind: 'AWAY', count: 1 }],
    lastScan: { problemCount: 1 },
  });
});

it('keeps the total of the tags, and writes none below the number', async () => {
  const [seventh = ''] = await downloadAlbum('Totals');
  expect((await readTags(seventh)).common).toMatchObject({
    track: { no: 7, of: 12 },
    disk: { no: 1, of: 3 },
  });
  const [ninth = ''] = await downloadAlbum('Lower');
  const { no, of } = (await readTags(ninth)).common.track;
  expect(no).toBe(9);
  expect(of ?? 9).toBeGreaterThanOrEqual(9);
});

it('takes the file with the title and length of the track, of several with its code', async () => {
  const item = 'demo:hull-frequencies-1-06';
  const { file } = await ended(app, await queue(app, { item, options: { format: 'KEEP' } }), 120_000);
  expect(file).toMatchObject({ source: 'library' });
  expect(Math.abs((file?.durationMs ?? 0) - 20_500)).toBeLessThan(200);
});

it('leaves a name with a slash as it is', async () => {
  const [path = ''] = await downloadAlbum('Slash');
  const { native } = await readTags(path);
  const names = Object.values(native)
    .flat()
    .filter(({ id }) => id === 'TPE1')
    .map(({ value }) => value);
  // Whoever reads ID3v2.3 splits at the slash.
  expect(names.join('/')).toBe('GZ/Harbour');
});

it('makes each song of an album once', async () => {
  const paths = await downloadAlbum('Both');
  expect(paths.map((path) => basename(path))).toEqual(['001. Song 1.flac', '002. Song 2.flac']);
});

it('numbers discs that share a folder, with the cover of the album’s folder', async () => {
  const paths = await downloadAlbum('Two Disc');
  expect(paths.map((path) => basename(path))).toEqual(['1-001. Disc 1.flac', '2-001. Disc 2.flac']);
  expect(await readdir(dirname(paths[0] ?? ''))).toContain('cover.jpg');
  for (const path of paths) expect((await readTags(path)).picture).toBeDefined();
});

it('takes what it has made below the library for copies', async () => {
  await downloadAlbum('Both');
  const { problems } = await scan();
  expect(problems?.nodes).toHaveLength(1);
  const found = searchOf(await app.execute(FIND, { query: 'Song', type: 'TRACK' })).nodes;
  expect(found).toHaveLength(2);
});

it('forgets what is away when told to', async () => {
  await rename(join(root, 'second'), join(root, 'second.away'));
  const before = await scan();
  expect(before.missingFileCount).toBe(1);
  const { forgetMissingFiles } = await app.execute(FORGET);
  expect(forgetMissingFiles).toEqual({
    __typename: 'MissingFilesForgotten',
    forgottenCount: 1,
    library: { fileCount: before.fileCount - 1 },
  });
  expect((await libraryOf()).missingFileCount).toBe(0);
});
