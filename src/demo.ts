import { createClient } from 'graphql-ws';
import { parseFile } from 'music-metadata';
import { WebSocket } from 'ws';
import { createApp } from './app.js';
import type { Env } from './env.js';
import { graphql } from './generated/documents/gql.js';
import type { DemoUpdatesSubscription, TypedDocumentString } from './generated/documents/graphql.js';
import { abortable, aborted } from './lib/async.js';
import { createLogger } from './lib/logger.js';
import type { Redact } from './lib/secrets.js';

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

/**
 * Starts the server, queues the demo catalog's album through the public GraphQL API, shows it live from the WebSocket
 * subscription, prints the files, and stays up unless `exits`. The status is 0 when every track has its file.
 */
export async function runDemo(
  env: Env,
  { redact, stop, exits }: { redact: Redact; stop: AbortSignal; exits: boolean },
): Promise<number> {
  const app = await createApp(env, { stop, log: createLogger('warn', redact, process.stderr) });
  try {
    const { http } = app;
    if (!http) throw new Error('A worker alone serves no requests.');
    const failed = await abortable(downloadAlbum(http.url), stop);
    if (exits) return failed === 0 ? 0 : 1;
    say('\nStill up; Ctrl-C stops it. Have a look around:');
    say(`${http.url}/graphql`);
    await aborted(stop);
    return 0;
  } finally {
    await app.stop();
  }
}

async function downloadAlbum(url: string): Promise<number> {
  const album = await queueAlbum(url);
  say(`Queued "${album.title}" by ${album.artistNames.join(', ')} as ${album.id}.`);
  await follow(url, album.id);
  return printFiles(url, album.id);
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

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
