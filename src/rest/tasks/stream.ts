import { z } from 'zod';
import { createSharedCalls } from '../../lib/async.js';
import { createGate } from '../../lib/gate.js';
import type { RestTaskFragment, TaskState } from '../../generated/documents/graphql.js';
import { flag, invalidField } from '../input.js';
import { openLiveStream } from '../live-stream.js';
import type { Change } from '../pending-changes.js';
import { createSharedMessages } from '../shared-messages.js';
import { streamRoute, type AnyRoute, type RestCall } from '../route.js';
import type { Documents, Following } from '../run-document.js';
import { taskStreamSchema } from './schemas.js';
import { ACTIVE_STATES, FINISHED_STATES, serializeChanges, serializeCounts } from './serialize.js';
import { CHILD_CHANGES, STREAM_COUNTS, STREAM_TASKS, TASK_CHANGES, TASK_SEQUENCE } from './documents.js';

const PAGE_SIZE = 100;
/** Of the first message with `active_only=false`. */
const MAX_FINISHED = 50;
const SEQUENCE = /^\d{1,19}$/;

const STREAM_DESCRIPTION = `The response has no end: read it as it comes (\`EventSource\` in browsers, \`curl -N\`, or the
stream of the body), and close it yourself. Each event has one \`TaskStreamMessage\` as its data. The first one has all
active tasks; then come the tasks that changed, at most every 100 ms, and a heartbeat after 15 seconds without changes.`;

const share = createSharedMessages();

interface FirstMessage {
  message: object;
  sequence: string;
}

/** Clients that connect while a first message is made get that one; changes since then follow. */
const shareFirst = createSharedCalls();
/** The wait and the work together end before the response would be given up. */
const inTurn = createGate({ atOnce: 2, atOncePerKey: 2, waitingPerKey: 20, waitMs: 6_000 });

const stream = streamRoute({
  path: '/prgs/stream',
  docs: {
    summary: 'Follow tasks as they change, as server-sent events.',
    description: STREAM_DESCRIPTION,
    response: taskStreamSchema,
    example: { active_only: true },
  },
  input: z.object({
    active_only: flag(true).describe('Whether the first message leaves out the 50 newest finished tasks.'),
    since_event: z
      .string()
      .optional()
      .describe('`id` of the last event received, to resume after it; as the header Last-Event-ID.'),
    token: z
      .string()
      .optional()
      .describe('A token or a stream ticket, for browsers, whose event streams cannot send a header.'),
  }),
  documents: [TASK_SEQUENCE, STREAM_TASKS, STREAM_COUNTS, TASK_CHANGES, CHILD_CHANGES],
  open: async ({ active_only, since_event }, call) => {
    const { documents, base, signal, timing, caller } = call;
    const resumeFrom = findSequence(since_event, call);
    const key = `${caller.sharingKey} ${base} ${active_only}`;
    const { message, sequence } = await shareFirst(key, signal, (shared) =>
      inTurn({ key: caller.id, signal: shared }, () =>
        makeFirst({ ...call, documents: call.documentsFor(shared), signal: shared }, active_only),
      ),
    );
    // A shared message may be older than what the client has seen.
    const since = resumeFrom !== null && BigInt(resumeFrom) < BigInt(sequence) ? resumeFrom : sequence;
    const describe = (values: RestTaskFragment[]) =>
      share(values, base, () => serializeMessage(call, values, values.length > 0 ? 'update' : 'heartbeat'));
    const follow = (listener: (change: Change<RestTaskFragment>) => void) =>
      followTasks(documents, since, listener);
    return openLiveStream({ first: message, cursor: since, follow, describe, signal, timing });
  },
});

/** Stops between two pages when every client that waits for it has gone. */
async function makeFirst(call: RestCall, activeOnly: boolean): Promise<FirstMessage> {
  // Read before the tasks: a change between the two reads is then sent twice instead of never.
  const { taskSequence } = await call.documents.run(TASK_SEQUENCE, {});
  const tasks = await readFirstTasks(call, activeOnly);
  return {
    message: { ...(await serializeMessage(call, tasks, 'update')), initial: true },
    sequence: taskSequence,
  };
}

/**
 * Where the client wants to resume. An invalid header is ignored: browsers send it by themselves on every reconnect,
 * so an error would shut them out for good.
 */
function findSequence(parameter: string | undefined, { headers }: RestCall): string | null {
  if (parameter !== undefined && !SEQUENCE.test(parameter)) {
    throw invalidField('since_event', 'must be the id of an earlier event');
  }
  const header = headers.get('last-event-id') ?? '';
  return parameter ?? (SEQUENCE.test(header) ? header : null);
}

async function readFirstTasks(
  { documents, signal }: RestCall,
  activeOnly: boolean,
): Promise<RestTaskFragment[]> {
  const active: RestTaskFragment[] = [];
  for (let after: string | null = null, more = true; more;) {
    signal.throwIfAborted();
    const page: TaskPage = await readPage(documents, { states: ACTIVE_STATES, limit: PAGE_SIZE, after });
    active.push(...page.tasks);
    after = page.after;
    more = after !== null;
  }
  if (activeOnly) return active;
  const finished = await readPage(documents, { states: FINISHED_STATES, limit: MAX_FINISHED, after: null });
  return [...active, ...finished.tasks];
}

interface TaskPage {
  tasks: RestTaskFragment[];
  /** Null on the last page. */
  after: string | null;
}

async function readPage(
  documents: Documents,
  page: { states: TaskState[]; limit: number; after: string | null },
): Promise<TaskPage> {
  const { tasks } = await documents.run(STREAM_TASKS, page);
  const { hasNextPage, endCursor } = tasks.pageInfo;
  return { tasks: tasks.edges.map(({ node }) => node), after: hasNextPage ? endCursor : null };
}

async function followTasks(
  documents: Documents,
  since: string,
  listener: (update: Change<RestTaskFragment>) => void,
): Promise<Following[]> {
  const changes = await documents.follow(TASK_CHANGES, { since }, ({ taskUpdates: { task, sequence } }) =>
    listener({ ...toUpdate(task), cursor: sequence }),
  );
  try {
    const children = await documents.follow(CHILD_CHANGES, { since }, ({ taskUpdates: { task } }) => {
      const top = task.parent?.parent ?? task.parent;
      if (top) listener(toUpdate(top));
    });
    return [changes, children];
  } catch (thrown) {
    changes.stop();
    throw thrown;
  }
}

function toUpdate(task: RestTaskFragment): Change<RestTaskFragment> {
  return { key: task.id, value: task, finished: FINISHED_STATES.includes(task.state) };
}

async function serializeMessage(
  { documents, base, clock }: RestCall,
  tasks: RestTaskFragment[],
  change_type: 'update' | 'heartbeat',
): Promise<object> {
  const { taskCounts } = await documents.run(STREAM_COUNTS, {});
  const now = clock.now();
  return {
    change_type,
    ...serializeChanges(tasks, { base, now }),
    ...serializeCounts(taskCounts),
    current_timestamp: now.getTime() / 1000,
  };
}

export const TASK_STREAM_ROUTES: readonly AnyRoute[] = [stream];
