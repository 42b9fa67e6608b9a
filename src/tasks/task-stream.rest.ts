import { z } from 'zod';
import { graphql } from '../generated/documents/gql.js';
import type { TaskState, WireTaskFragment } from '../generated/documents/graphql.js';
import { flag, invalidField } from '../rest/input.js';
import { openLiveStream } from '../rest/live-stream.js';
import type { News } from '../rest/pending-news.js';
import { createSharedMessages } from '../rest/shared-messages.js';
import { streamRoute, type AnyRoute, type RestCall } from '../rest/route.js';
import type { Documents, Following } from '../rest/run-document.js';
import { countsShape, deletedShape, taskShape } from './task-shape.js';
import { ENDED_STATES, LIVE_STATES, toWireChanges, toWireCounts } from './task-wire.js';

const MARK = graphql(`
  query RestTaskMark {
    taskSequence
  }
`);

const TASKS = graphql(`
  query RestStreamTasks($states: [TaskState!], $limit: Int!, $after: String) {
    tasks(filter: { states: $states }, first: $limit, after: $after) {
      edges {
        node {
          ...WireTask
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

const COUNTS = graphql(`
  query RestTaskCounts {
    taskCounts {
      ...WireCounts
    }
  }
`);

const CHANGES = graphql(`
  subscription RestTaskChanges($since: String) {
    taskUpdates(filter: { includeChildren: false }, since: $since) {
      sequence
      task {
        ...WireTask
      }
    }
  }
`);

/** A list's own row does not change while a track of it moves: the track's news shows the list anew. */
const PARTS_AT_WORK = graphql(`
  subscription RestPartsAtWork($since: String) {
    taskUpdates(
      filter: { includeChildren: true, kinds: [TRACK, ALBUM], states: [RUNNING, RETRYING] }
      since: $since
    ) {
      task {
        parent {
          ...WireTask
          parent {
            ...WireTask
          }
        }
      }
    }
  }
`);

const PAGE = 100;
/** Ended tasks that a client sees at first, if it asks for others than active ones. */
const OTHERS = 50;
const SEQUENCE = /^\d{1,19}$/;

const share = createSharedMessages();

const stream = streamRoute({
  path: '/prgs/stream',
  docs: {
    summary: 'Follow tasks as they change, as server-sent events.',
    answer: z.object({
      change_type: z.enum(['update', 'heartbeat']),
      tasks: z.array(taskShape),
      deleted_tasks: deletedShape,
      ...countsShape,
      current_timestamp: z.number().meta({ description: 'Unix seconds.' }),
      initial: z.literal(true).optional().meta({ description: 'Only in the first message.' }),
    }),
    example: { active_only: true },
  },
  input: z.object({
    active_only: flag(true),
    since_event: z.string().optional(),
    token: z.string().optional(),
  }),
  open: async ({ active_only, since_event }, call) => {
    const { documents, signal, timing } = call;
    // The mark comes before the tasks: what changes in between is then told twice, and not missed.
    const mark = resumedFrom(since_event, call) ?? (await documents.run(MARK, {})).taskSequence;
    const tasks = await readFirstTasks(documents, active_only);
    const describe = (values: WireTaskFragment[]) =>
      share(values, call.base, () => describeTasks(call, values, values.length > 0 ? 'update' : 'heartbeat'));
    return openLiveStream({
      first: { ...(await describeTasks(call, tasks, 'update')), initial: true },
      mark,
      follow: (listener) => followTasks(documents, mark, listener),
      describe,
      signal,
      timing,
    });
  },
});

/** A query parameter was written by someone; what a browser sends by itself must not shut it out for good. */
function resumedFrom(asked: string | undefined, { headers }: RestCall): string | null {
  if (asked !== undefined && !SEQUENCE.test(asked)) {
    throw invalidField('since_event', 'allowed is the id of an earlier event');
  }
  const last = headers.get('last-event-id') ?? '';
  return asked ?? (SEQUENCE.test(last) ? last : null);
}

async function readFirstTasks(documents: Documents, activeOnly: boolean): Promise<WireTaskFragment[]> {
  const active: WireTaskFragment[] = [];
  for (let after: string | null = null, more = true; more;) {
    const page: PageOfTasks = await readPage(documents, { states: LIVE_STATES, limit: PAGE, after });
    active.push(...page.tasks);
    after = page.after;
    more = after !== null;
  }
  if (activeOnly) return active;
  const others = await readPage(documents, { states: ENDED_STATES, limit: OTHERS, after: null });
  return [...active, ...others.tasks];
}

interface PageOfTasks {
  tasks: WireTaskFragment[];
  /** Null on the last page. */
  after: string | null;
}

async function readPage(
  documents: Documents,
  page: { states: TaskState[]; limit: number; after: string | null },
): Promise<PageOfTasks> {
  const { tasks } = await documents.run(TASKS, page);
  const { hasNextPage, endCursor } = tasks.pageInfo;
  return { tasks: tasks.edges.map(({ node }) => node), after: hasNextPage ? endCursor : null };
}

async function followTasks(
  documents: Documents,
  since: string,
  listener: (news: News<WireTaskFragment>) => void,
): Promise<Following[]> {
  const changes = await documents.follow(CHANGES, { since }, ({ taskUpdates: { task, sequence } }) =>
    listener({ ...toNews(task), mark: sequence }),
  );
  const parts = await documents.follow(PARTS_AT_WORK, { since }, ({ taskUpdates: { task } }) => {
    const list = task.parent?.parent ?? task.parent;
    if (list) listener(toNews(list));
  });
  return [changes, parts];
}

function toNews(task: WireTaskFragment): News<WireTaskFragment> {
  return { key: task.id, value: task, terminal: ENDED_STATES.includes(task.state) };
}

async function describeTasks(
  { documents, base, clock }: RestCall,
  tasks: WireTaskFragment[],
  change: string,
): Promise<object> {
  const { taskCounts } = await documents.run(COUNTS, {});
  const now = clock.now();
  return {
    change_type: change,
    ...toWireChanges(tasks, { base, now }),
    ...toWireCounts(taskCounts),
    current_timestamp: now.getTime() / 1000,
  };
}

export const TASK_STREAM_ROUTES: readonly AnyRoute[] = [stream];
