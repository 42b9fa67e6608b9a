import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type {
  TaskUpdatesSubscription,
  TaskUpdatesSubscriptionVariables,
} from '../../src/generated/documents/graphql.js';
import { TASK_UPDATES } from './documents.js';
import { connectionParamsOf, type Target } from './tokens.js';
import { waitFor } from './wait-for.js';

export type TaskUpdate = TaskUpdatesSubscription['taskUpdates'];

/** The updates of a subscription so far. */
interface FollowedUpdates<Update> {
  readonly updates: Update[];
  /** Once the server ended it: by an error, or with null because it was done. */
  readonly ended: { error: string | null } | null;
  stop(): void;
}

export type Followed = FollowedUpdates<TaskUpdate>;

interface Subscription<Data, Update> {
  document: { toString(): string };
  variables: object;
  updateOf: (data: Data) => Update;
}

/** Follows a subscription in the background, over a WebSocket of its own. */
export function followUpdates<Data, Update>(
  app: Target,
  { document, variables, updateOf }: Subscription<Data, Update>,
): FollowedUpdates<Update> {
  const url = `${app.url.replace('http', 'ws')}/graphql`;
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...connectionParamsOf(app),
  });
  const followed = {
    updates: [] as Update[],
    ended: null as FollowedUpdates<Update>['ended'],
    // Rejects where the socket could not be opened, which `ended` says.
    stop: () => void Promise.resolve(client.dispose()).catch(() => undefined),
  };
  const payload = { query: document.toString(), variables: { ...variables } };
  client.subscribe<Data>(payload, {
    next: ({ data, errors }) => {
      if (errors) followed.ended = { error: JSON.stringify(errors) };
      else if (data) followed.updates.push(updateOf(data));
    },
    error: (error) => (followed.ended ??= { error: describe(error) }),
    complete: () => (followed.ended ??= { error: null }),
  });
  return followed;
}

export function followTasks(app: Target, variables: TaskUpdatesSubscriptionVariables): Followed {
  const updateOf = ({ taskUpdates }: TaskUpdatesSubscription) => taskUpdates;
  return followUpdates(app, { document: TASK_UPDATES, variables, updateOf });
}

/** What a reader was shown by the first update that is not before the sequence of a mutation. */
export async function shownUntil({ updates }: Followed, sequence: string): Promise<TaskUpdate[]> {
  const isReached = (update: TaskUpdate) => BigInt(update.sequence) >= BigInt(sequence);
  await waitFor(() => updates.some(isReached), {
    what: `an update at or after ${sequence}`,
    timeoutMs: 60_000,
  });
  return updates.slice(0, updates.findIndex(isReached) + 1);
}

/** An error of the protocol is a list of GraphQL errors, a closed socket an event. */
function describe(error: unknown): string {
  if (error instanceof Error) return error.message;
  const { code, reason } = error as { code?: number; reason?: string };
  return code === undefined ? JSON.stringify(error) : `${code} ${reason ?? ''}`;
}
