import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import { toAsyncIterable } from 'wonka';
import { WebSocket } from 'ws';
import * as documents from './generated/graphql';

const url = `${process.env.REPRISE_URL ?? 'http://127.0.0.1:7171'}/graphql`;
// Browsers, and Node from 22 on, have a WebSocket of their own.
const socket = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket });
const client = new Client({
  url,
  exchanges: [
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query = '', variables }) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
      }),
    }),
  ],
});

/** The data, unless the request failed. */
function dataOf<Data>({ data, error }: { data?: Data; error?: Error }): Data {
  if (!data) throw error ?? new Error('The response has no data.');
  return data;
}

/** The task of an outcome, unless it is an error. */
function taskOf<Task>(outcome: { task: Task } | { code: string; message: string }): Task {
  if ('task' in outcome) return outcome.task;
  throw new Error(`${outcome.code}: ${outcome.message}`);
}

async function queue(input: documents.QueueDownloadInput): Promise<string> {
  const { queueDownload } = dataOf(await client.mutation(documents.QueueDocument, { input }));
  return taskOf(queueDownload).id;
}

async function follow(id: string): Promise<void> {
  for await (const result of toAsyncIterable(client.subscription(documents.FollowDocument, { id }))) {
    const { task } = dataOf(result).taskUpdates;
    console.log(`${task.state} ${Math.round(task.progress)} %`);
  }
}

const { search } = dataOf(await client.query(documents.SearchDocument, { text: 'night ferry' }));
const album = search?.nodes[0];
if (album?.__typename !== 'Album') throw new Error('No album was found.');
console.log(`${album.title}, ${album.trackCount} tracks`);

const id = await queue({ item: album.id, options: { format: 'MP3', bitrateKbps: 128 } });
await follow(id);
const { task } = dataOf(await client.query(documents.FilesDocument, { id }));
for (const { file } of task?.children.nodes ?? []) console.log(file?.format, file?.path);

// As slow as playback, so that it is still there to be canceled.
const other = await queue({ item: 'demo:low-tide-radio', type: 'ALBUM', options: { realTime: true } });
const { cancelTask } = dataOf(await client.mutation(documents.CancelDocument, { id: other }));
const cancelled = taskOf(cancelTask);
console.log(cancelled.state, cancelled.title);
const { retryTask } = dataOf(await client.mutation(documents.RetryDocument, { id: other }));
const retried = taskOf(retryTask);
console.log(retried.state, retried.title);

await queue({ item: 'demo:no-such-album', type: 'ALBUM' }).catch((error: Error) =>
  console.log(error.message),
);
await socket.dispose();
