import { createClient } from 'graphql-ws';
import {
  commitMutation,
  Environment,
  fetchQuery,
  graphql,
  Network,
  Observable,
  RecordSource,
  requestSubscription,
  Store,
  type GraphQLResponse,
  type MutationConfig,
  type MutationParameters,
} from 'relay-runtime';
import { WebSocket } from 'ws';
import type { storyCancelMutation } from './__generated__/storyCancelMutation.graphql';
import type { storyFilesQuery } from './__generated__/storyFilesQuery.graphql';
import type { storyFollowSubscription } from './__generated__/storyFollowSubscription.graphql';
import type { storyQueueMutation } from './__generated__/storyQueueMutation.graphql';
import type { storyRetryMutation } from './__generated__/storyRetryMutation.graphql';
import type { storySearchQuery } from './__generated__/storySearchQuery.graphql';

const url = `${process.env.REPRISE_URL ?? 'http://127.0.0.1:7171'}/graphql`;
// Browsers, and Node from 22 on, have a WebSocket of their own.
const socket = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket });
const environment = new Environment({
  store: new Store(new RecordSource()),
  network: Network.create(
    async ({ text: query }, variables) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as GraphQLResponse;
    },
    ({ text }, variables) =>
      Observable.create((sink) =>
        socket.subscribe(
          { query: text ?? '', variables },
          { ...sink, next: (value) => sink.next(value as GraphQLResponse) },
        ),
      ),
  ),
});

function mutate<Mutation extends MutationParameters>(
  mutation: MutationConfig<Mutation>['mutation'],
  variables: Mutation['variables'],
): Promise<Mutation['response']> {
  return new Promise((onCompleted, onError) => {
    commitMutation<Mutation>(environment, { mutation, variables, onCompleted, onError });
  });
}

/** The task of an outcome, unless it is an error. */
function taskOf<Task>(outcome: { task?: Task; code?: string; message?: string }): Task {
  if (outcome.task) return outcome.task;
  throw new Error(`${outcome.code}: ${outcome.message}`);
}

async function queue(input: storyQueueMutation['variables']['input']): Promise<string> {
  const mutation = graphql`
    mutation storyQueueMutation($input: QueueDownloadInput!) {
      queueDownload(input: $input) {
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
  `;
  return taskOf((await mutate<storyQueueMutation>(mutation, { input })).queueDownload).id;
}

function follow(id: string): Promise<void> {
  const subscription = graphql`
    subscription storyFollowSubscription($id: ID!) {
      taskUpdates(filter: { ids: [$id] }, untilFinished: true) {
        task {
          state
          progress
        }
      }
    }
  `;
  return new Promise((onCompleted, onError) => {
    requestSubscription<storyFollowSubscription>(environment, {
      subscription,
      variables: { id },
      onNext: (data) =>
        data && console.log(`${data.taskUpdates.task.state} ${Math.round(data.taskUpdates.task.progress)} %`),
      onCompleted,
      onError,
    });
  });
}

const SEARCH = graphql`
  query storySearchQuery($text: String!) {
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
`;
const found = await fetchQuery<storySearchQuery>(environment, SEARCH, { text: 'night ferry' }).toPromise();
const album = found?.search?.nodes[0];
if (album?.__typename !== 'Album') throw new Error('No album was found.');
console.log(`${album.title}, ${album.trackCount} tracks`);

const id = await queue({ item: album.id, options: { format: 'MP3', bitrateKbps: 128 } });
await follow(id);
const FILES = graphql`
  query storyFilesQuery($id: ID!) {
    task(id: $id) {
      children(first: 100) @connection(key: "story_children") {
        edges {
          node {
            file {
              format
              path
            }
          }
        }
      }
    }
  }
`;
const files = await fetchQuery<storyFilesQuery>(environment, FILES, { id }).toPromise();
for (const { node } of files?.task?.children.edges ?? []) console.log(node.file?.format, node.file?.path);

// As slow as playback, so that it is still there to be canceled.
const other = await queue({ item: 'demo:low-tide-radio', type: 'ALBUM', options: { realTime: true } });
const CANCEL = graphql`
  mutation storyCancelMutation($id: ID!) {
    cancelTask(id: $id) {
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
`;
const cancelled = taskOf((await mutate<storyCancelMutation>(CANCEL, { id: other })).cancelTask);
console.log(cancelled.state, cancelled.title);
const RETRY = graphql`
  mutation storyRetryMutation($id: ID!) {
    retryTask(id: $id) {
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
`;
const retried = taskOf((await mutate<storyRetryMutation>(RETRY, { id: other })).retryTask);
console.log(retried.state, retried.title);

await queue({ item: 'demo:no-such-album', type: 'ALBUM' }).catch((error: Error) =>
  console.log(error.message),
);
await socket.dispose();
