import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { searchOf } from '../kit/ask.js';
import { bareFfmpeg } from '../kit/audio.js';
import { createTestDatabase } from '../kit/database.js';
import { startServer, type ServerProcess } from '../kit/server-process.js';
import { ended, queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';

const FIND = graphql(`
  query FindRacingTracks {
    search(query: "Racing", type: TRACK) {
      nodes {
        ... on Track {
          id
        }
      }
    }
  }
`);

const AT_ONCE = graphql(`
  mutation DownloadEightAtOnce {
    updateSettings(input: { maxConcurrentDownloads: 8 }) {
      __typename
    }
  }
`);

const SPELLINGS = ['ABBA', 'Abba', 'abba', 'aBBA', 'ABba', 'abBA', 'AbBa', 'aBbA'];
const ROUNDS = 3;

async function startServers(count: number, root: string): Promise<ServerProcess[]> {
  await mkdir(join(root, 'music'));
  const tone = join(root, 'tone.mp3');
  await bareFfmpeg('-f', 'lavfi', '-i', 'sine=f=330:d=1', tone);
  for (const artist of SPELLINGS) {
    const tags = ['-metadata', `artist=${artist}`, '-metadata', `title=Racing ${artist}`];
    await bareFfmpeg('-i', tone, '-c', 'copy', ...tags, join(root, 'music', `${artist}.mp3`));
  }
  const database = await createTestDatabase();
  const servers: ServerProcess[] = [];
  onTestFinished(async () => {
    await Promise.all(servers.map((server) => server.end('SIGTERM')));
    await database.drop();
    await rm(root, { recursive: true });
  });
  for (let number = 0; number < count; number++) {
    const env = { DATABASE_URL: database.url, DATA_DIR: join(root, `data-${number}`) };
    const places = { DOWNLOAD_DIR: join(root, 'downloads'), LIBRARY_DIRS: join(root, 'music') };
    servers.push(await startServer({ ...env, ...places, CATALOG: 'library', LIBRARY_VERIFY: 'false' }));
  }
  return servers;
}

it.each([1, 2])(
  'tracks whose artists differ by the case of letters make one folder at once, in %i processes',
  async (count) => {
    const root = await mkdtemp(join(tmpdir(), 'reprise-racing-'));
    const [server] = await startServers(count, root);
    if (!server) throw new Error('No server was started.');
    await server.execute(AT_ONCE);
    const items = await waitFor(
      async () => {
        const { nodes } = searchOf(await server.execute(FIND));
        return nodes.length === SPELLINGS.length ? nodes : null;
      },
      { timeoutMs: 60_000, what: 'the scan' },
    );
    for (let round = 1; round <= ROUNDS; round++) {
      const options = { customDirFormat: `Round ${round}/%artist%`, saveCover: false };
      const ids = await Promise.all(
        items.map((item) => queue(server, { item: 'id' in item ? item.id : '', options })),
      );
      const tasks = await Promise.all(ids.map((id) => ended(server, id, 60_000)));
      expect(tasks.map(({ state }) => state)).toEqual(SPELLINGS.map(() => 'COMPLETED'));
      const folders = await readdir(join(root, 'downloads', `Round ${round}`));
      expect(folders).toHaveLength(1);
      expect(await readdir(join(root, 'downloads', `Round ${round}`, folders[0] ?? ''))).toHaveLength(8);
    }
  },
);
