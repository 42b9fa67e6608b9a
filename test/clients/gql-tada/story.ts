import { initGraphQLTada, type TadaDocumentNode, type VariablesOf } from 'gql.tada';
import { print } from 'graphql';
import { createClient } from 'graphql-sse';
import type { introspection } from './generated';

const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { BigInt: number; DateTime: string; PartialDate: string; URL: string };
}>();

const SEARCH = graphql(`
  query Search($text: String!) {
    search(query: $text, type: ALBUM, first: 1) {
      nodes {
        __typename
        ... on Album {
          id
          title
          trackCount
        }
      }
    }
  }
`);

const QUEUE = graphql(`
  mutation Queue($input: QueueDownloadInput!) {
    queueDownload(input: $input) {
      __typename
      ... on DownloadQueued {
        task {
          id
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const FOLLOW = graphql(`
  subscription Follow($id: ID!) {
    taskUpdates(filter: { ids: [$id] }, untilFinished: true) {
      task {
        state
        progress
      }
    }
  }
`);

const FILES = graphql(`
  query Files($id: ID!) {
    task(id: $id) {
      children(first: 100) {
        nodes {
          file {
            format
            path
          }
        }
      }
    }
  }
`);

const CANCEL = graphql(`
  mutation Cancel($id: ID!) {
    cancelTask(id: $id) {
      __typename
      ... on TaskOutcome {
        task {
          state
          title
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const RETRY = graphql(`
  mutation Retry($id: ID!) {
    retryTask(id: $id) {
      __typename
      ... on TaskOutcome {
        task {
          state
          title
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const url = `${process.env.REPRISE_URL ?? 'http://127.0.0.1:7171'}/graphql`;
// Queries and mutations too: each is a stream of one event.
const client = createClient({ url });

async function* stream<Data, Variables extends Record<string, unknown>>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
): AsyncGenerator<Data> {
  for await (const { data, errors } of client.iterate<Data>({ query: print(document), variables })) {
    if (!data) throw new Error(errors?.[0]?.message ?? 'The response has no data.');
    yield data;
  }
}

async function execute<Data, Variables extends Record<string, unknown>>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  for await (const data of stream(document, variables)) return data;
  throw new Error('There was no response.');
}

/** The task of an outcome, unless it is an error. */
function taskOf<Task>(outcome: { task: Task } | { code: string; message: string }): Task {
  if ('task' in outcome) return outcome.task;
  throw new Error(`${outcome.code}: ${outcome.message}`);
}

async function queue(input: VariablesOf<typeof QUEUE>['input']): Promise<string> {
  return taskOf((await execute(QUEUE, { input })).queueDownload).id;
}

const { search } = await execute(SEARCH, { text: 'night ferry' });
const album = search?.nodes[0];
if (album?.__typename !== 'Album') throw new Error('No album was found.');
console.log(`${album.title}, ${album.trackCount} tracks`);

const id = await queue({ item: album.id, options: { format: 'MP3', bitrateKbps: 128 } });
for await (const { taskUpdates } of stream(FOLLOW, { id }))
  console.log(`${taskUpdates.task.state} ${Math.round(taskUpdates.task.progress)} %`);
const { task } = await execute(FILES, { id });
for (const { file } of task?.children.nodes ?? []) console.log(file?.format, file?.path);

// As slow as playback, so that it is still there to be canceled.
const other = await queue({ item: 'demo:low-tide-radio', type: 'ALBUM', options: { realTime: true } });
const cancelled = taskOf((await execute(CANCEL, { id: other })).cancelTask);
console.log(cancelled.state, cancelled.title);
const retried = taskOf((await execute(RETRY, { id: other })).retryTask);
console.log(retried.state, retried.title);

await queue({ item: 'demo:no-such-album', type: 'ALBUM' }).catch((error: Error) =>
  console.log(error.message),
);
client.dispose();
