/**
 * `npm run demo`: starts the built server, queues the demo catalog's album through the public GraphQL API, shows
 * it live from the WebSocket subscription, prints the files, and stays up. `-- --exit` ends after the album: with
 * status 0 when every track has its file, else 1.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createClient } from 'graphql-ws';
import { parseFile } from 'music-metadata';
import { WebSocket } from 'ws';
import { graphql } from '../src/generated/documents/gql.js';
import type { DemoUpdatesSubscription, TypedDocumentString } from '../src/generated/documents/graphql.js';

const ALBUM = 'demo:night-ferry';

const QUEUE = graphql(`
  mutation DemoQueue($item: String!) {
    queueDownload(input: { item: $item, type: ALBUM, options: { format: FLAC } }) {
      __typename
      ... on DownloadQueued {
        task {
          id
          title
          artistNames
        }
      }
      ... on DuplicateDownload {
        existingTask {
          id
          title
          artistNames
        }
      }
      ... on Error {
        message
      }
    }
  }
`);

const UPDATES = graphql(`
  subscription DemoUpdates {
    taskUpdates(since: "0") {
      task {
        id
        kind
        title
        state
        progress
        childCount
        completedCount
        skippedCount
        failedCount
        cancelledCount
        error {
          message
        }
        parent {
          id
        }
      }
    }
  }
`);

const FILES = graphql(`
  query DemoFiles($id: ID!) {
    task(id: $id) {
      children(first: 100) {
        edges {
          node {
            title
            state
            error {
              message
            }
            file {
              path
              format
              bitrateKbps
              sizeBytes
            }
          }
        }
      }
    }
  }
`);

type DemoTask = DemoUpdatesSubscription['taskUpdates']['task'];

async function main(): Promise<number> {
  const server = startServer();
  // Ctrl-C reaches the server too, which then ends in order; the demo waits for that.
  process.on('SIGINT', () => undefined);
  try {
    const url = await listening(server);
    const album = await queueAlbum(url);
    say(`Queued "${album.title}" by ${album.artistNames.join(', ')} as ${album.id}.`);
    await follow(url, album.id);
    const failed = await printFiles(url, album.id);
    if (process.argv.includes('--exit')) return failed === 0 ? 0 : 1;
    say('\nStill up; Ctrl-C stops it. Have a look around:');
    say(`${url}/graphql`);
    await ended(server);
    return 0;
  } finally {
    await stop(server);
  }
}

/** The server as `npm start` runs it, with the demo catalog, and as talkative as it must be to say that it is up. */
function startServer(): ChildProcess {
  return spawn(process.execPath, ['--enable-source-maps', 'dist/main.js'], {
    env: { ...process.env, LOG_LEVEL: 'info', CATALOG: 'demo' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** The address that the server logs when it is up. */
function listening(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`The server ended with status ${code ?? 'none'}.`)));
    if (!server.stdout) return reject(new Error('The server has no output.'));
    createInterface({ input: server.stdout }).on('line', (line) => {
      const entry = JSON.parse(line) as { level: number; url?: string; msg?: string };
      if (entry.url && entry.msg === 'Reprise is up') resolve(entry.url);
      if (entry.level >= 40) process.stderr.write(`${line}\n`);
    });
  });
}

async function queueAlbum(url: string): Promise<{ id: string; title: string; artistNames: string[] }> {
  const { queueDownload: outcome } = await execute(url, QUEUE, { item: ALBUM });
  if (outcome.__typename === 'DownloadQueued') return outcome.task;
  if (outcome.__typename === 'DuplicateDownload') return outcome.existingTask;
  throw new Error(outcome.message);
}

/**
 * Shows the album's tasks as they change, until the album and each of its tracks have been shown to have ended: updates
 * of the album may come before that of its last track. From the start: it may be over by now.
 */
async function follow(url: string, albumId: string): Promise<void> {
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
  const show = process.stdout.isTTY ? createBar() : showLine;
  const over = new Set<string>();
  let expected = Infinity;
  try {
    for await (const { data } of client.iterate<DemoUpdatesSubscription>({ query: UPDATES.toString() })) {
      const task = data?.taskUpdates.task;
      if (!task || (task.id !== albumId && task.parent?.id !== albumId)) continue;
      show(task);
      if (isOver(task)) over.add(task.id);
      if (task.id === albumId && isOver(task)) expected = task.childCount + 1;
      if (over.size >= expected) return;
    }
  } finally {
    if (process.stdout.isTTY) say('');
    await client.dispose();
  }
}

function isOver({ state }: DemoTask): boolean {
  return state === 'COMPLETED' || state === 'SKIPPED' || state === 'FAILED' || state === 'CANCELLED';
}

function showLine(task: DemoTask): void {
  const parts =
    task.kind === 'TRACK' ? '' : `  ${task.completedCount + task.skippedCount}/${task.childCount} tracks`;
  const why = task.error ? `  ${task.error.message}` : '';
  say(`${task.state.padEnd(9)} ${task.progress.toFixed(0).padStart(3)} %  ${task.title}${parts}${why}`);
}

const BAR_WIDTH = 30;

/** One bar for the album, redrawn in place below a line for each track that has ended. */
function createBar(): (task: DemoTask) => void {
  let bar = '';
  return (task) => {
    process.stdout.write('\r\u001b[2K');
    if (task.kind !== 'TRACK') bar = barOf(task);
    else if (isOver(task)) showLine(task);
    process.stdout.write(bar);
  };
}

function barOf({ progress, title }: DemoTask): string {
  const full = Math.round((BAR_WIDTH * progress) / 100);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
  return `${bar} ${progress.toFixed(0).padStart(3)} %  ${title}`;
}

/** What the album ended as, file by file, as another library than the one that wrote the tags reads them. */
async function printFiles(url: string, albumId: string): Promise<number> {
  const { task } = await execute(url, FILES, { id: albumId });
  const tracks = task?.children.edges.map((edge) => edge.node) ?? [];
  say('');
  for (const { title, state, error, file } of tracks) {
    if (!file) {
      say(`${state}: ${title}${error ? ` (${error.message})` : ''}`);
      continue;
    }
    const { common } = await parseFile(file.path, { duration: false });
    say(file.path);
    const cover = common.picture?.length ? ', cover' : '';
    say(
      `    ${file.format} ${file.bitrateKbps ?? '?'} kbit/s, ${(file.sizeBytes / 1e6).toFixed(2)} MB; ` +
        `${common.artist ?? '?'} – ${common.title ?? '?'}, "${common.album ?? '?'}" ` +
        `${common.track.no ?? '?'}/${common.track.of ?? '?'}, ${common.date ?? '?'}, ISRC ${common.isrc?.[0] ?? '–'}${cover}`,
    );
  }
  return tracks.filter((track) => !track.file).length + (tracks.length === 0 ? 1 : 0);
}

async function execute<Data, Variables>(
  url: string,
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: document.toString(), variables }),
  });
  const result = (await response.json()) as { data?: Data; errors?: { message: string }[] };
  if (!result.data) throw new Error(result.errors?.map((error) => error.message).join('; ') ?? 'No answer.');
  return result.data;
}

function ended(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => server.once('exit', () => resolve()));
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const over = ended(server);
  server.kill('SIGTERM');
  await over;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main().catch((thrown: unknown) => {
  process.stderr.write(`The demo failed: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  return 1;
});
