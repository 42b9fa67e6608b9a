import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import * as documents from './generated/graphql';

const server = process.env.REPRISE_URL ?? 'http://127.0.0.1:7171';
const uri = `${server}/graphql`;
// Without this, `... on Error` and `... on TaskOutcome` match nothing in the cache.
const possibleTypes = (await (await fetch(`${server}/possible-types.json`)).json()) as Record<
  string,
  string[]
>;

// Browsers, and Node from 22 on, have a WebSocket of their own.
const socket = createClient({ url: uri.replace('http', 'ws'), webSocketImpl: WebSocket });
// The server keeps no persisted queries: after its first answer the link sends the text.
const persisted = new PersistedQueryLink({
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
});
const client = new ApolloClient({
  cache: new InMemoryCache({ possibleTypes }),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    ApolloLink.from([persisted, new HttpLink({ uri })]),
  ),
});

/** The task of an outcome, unless it is an error. */
function taskOf<Task>(outcome?: { task: Task } | { code: string; message: string }): Task {
  if (!outcome) throw new Error('The response has no data.');
  if ('task' in outcome) return outcome.task;
  throw new Error(`${outcome.code}: ${outcome.message}`);
}

async function queue(input: documents.QueueDownloadInput): Promise<string> {
  const { data } = await client.mutate({ mutation: documents.QueueDocument, variables: { input } });
  return taskOf(data?.queueDownload).id;
}

function follow(id: string): Promise<void> {
  return new Promise((complete, error) => {
    client.subscribe({ query: documents.FollowDocument, variables: { id } }).subscribe({
      next({ data, error: failure }) {
        if (!data) return error(failure);
        const { state, progress } = data.taskUpdates.task;
        console.log(`${state} ${Math.round(progress)} %`);
      },
      error,
      complete,
    });
  });
}

const found = await client.query({ query: documents.SearchDocument, variables: { text: 'night ferry' } });
const album = found.data?.search?.nodes[0];
if (album?.__typename !== 'Album') throw new Error('No album was found.');
console.log(`${album.title}, ${album.trackCount} tracks`);

const id = await queue({ item: album.id, options: { format: 'MP3', bitrateKbps: 128 } });
await follow(id);
const files = await client.query({ query: documents.FilesDocument, variables: { id } });
for (const { file } of files.data?.task?.children.nodes ?? []) console.log(file?.format, file?.path);

// As slow as playback, so that it is still there to be canceled.
const other = await queue({ item: 'demo:low-tide-radio', type: 'ALBUM', options: { realTime: true } });
const cancel = await client.mutate({ mutation: documents.CancelDocument, variables: { id: other } });
const cancelled = taskOf(cancel.data?.cancelTask);
console.log(cancelled.state, cancelled.title);
const retry = await client.mutate({ mutation: documents.RetryDocument, variables: { id: other } });
const retried = taskOf(retry.data?.retryTask);
console.log(retried.state, retried.title);

await queue({ item: 'demo:no-such-album', type: 'ALBUM' }).catch((error: Error) =>
  console.log(error.message),
);
await socket.dispose();
