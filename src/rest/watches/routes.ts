import { z } from 'zod';
import type { AlbumGroup } from '../../generated/documents/graphql.js';
import { MAX_TEXT_CHARS } from '../../graphql/input-limits.js';
import { toFailure } from '../errors.js';
import { itemId, orBareList, text } from '../input.js';
import { plainIdOf } from '../plain-id.js';
import { pagedRoute, route, type AnyRoute } from '../route.js';
import {
  CHECK_ALL,
  CHECK_ONE,
  MARK_KNOWN,
  MARK_MISSING,
  UNWATCH,
  WATCH,
  WATCH_STATUS,
  WATCHES,
} from './documents.js';
import { checksSchema, markedSchema, watchMessageSchema } from './schemas.js';
import { serializeWatch, warningOf } from './serialize.js';
import { ARTIST, artistOptions, PLAYLIST, playlistOptions, type Words } from './watch-lists.js';

const NO_BODY =
  'Without a body, everything is downloaded: what is there, and what comes. In a body, `{}` too, an omitted option is at its default, and keys that are unknown are ignored.';

interface Chosen {
  id: string;
  existing: boolean | undefined;
  added: boolean | undefined;
  /** Of an artist; null for the setting. */
  groups?: AlbumGroup[] | null;
}

function watchRoute<Input>(
  { kind, name, example }: Words,
  { input, body, choose }: { input: z.ZodType<Input>; body: string; choose(input: Input): Chosen },
): AnyRoute {
  return route({
    methods: ['PUT'],
    path: `/${name}/watch/{id}`,
    docs: {
      summary: `Put ${name === 'artist' ? 'an artist' : 'a playlist'} on the watch list.`,
      description: `${NO_BODY} One that is watched already gets the options of the request.`,
      body,
      response: watchMessageSchema,
      example: { id: example.id, ...example.options },
      errors: [404, 502],
    },
    input,
    document: WATCH,
    variables: (sent, { hasOptions }) => {
      const { id, existing, added, groups } = choose(sent);
      return {
        input: {
          item: id,
          kind,
          downloadExisting: existing ?? !hasOptions,
          downloadNew: added ?? true,
          ...(groups !== undefined && { albumGroups: groups }),
        },
      };
    },
    respond: ({ watch: result }) => {
      if (result.__typename !== 'WatchSaved') throw toFailure(result);
      const { watch, added } = result;
      const did = added ? 'added to watchlist' : 'is already being watched; its options were updated';
      return { message: `${watch.item.__typename} "${watch.title}" ${did}.`, ...warningOf(watch) };
    },
  });
}

const byId = (name: string) => z.object({ id: itemId(name) });

function statusRoute({ kind, name, data, status, example }: Words): AnyRoute {
  return route({
    path: `/${name}/watch/{id}/status`,
    docs: {
      summary: `Show whether one ${name} is on the watch list.`,
      description: `\`${data}\` is its row of the list, if it is watched.`,
      response: status,
      example: { id: example.id },
    },
    input: byId(name),
    document: WATCH_STATUS,
    variables: ({ id }) => ({ id, kind }),
    respond: ({ watch }, { now }) =>
      watch
        ? { is_watched: true, [data]: serializeWatch(watch, now), ...warningOf(watch) }
        : { is_watched: false },
  });
}

function unwatchRoute({ kind, name, example }: Words): AnyRoute {
  return route({
    methods: ['DELETE'],
    path: `/${name}/watch/{id}`,
    docs: {
      summary: `Take one ${name} off the watch list.`,
      description: 'Downloads that are queued go on, and files stay.',
      response: watchMessageSchema,
      example: { id: example.id },
      errors: [404],
    },
    input: byId(name),
    document: UNWATCH,
    variables: ({ id }) => ({ id, kind }),
    respond: ({ unwatch: result }) => {
      if (result.__typename !== 'Unwatched') throw toFailure(result);
      return { message: `"${result.watch.title}" removed from watchlist.`, ...warningOf(result.watch) };
    },
  });
}

function listRoute({ kind, name, list }: Words): AnyRoute {
  return pagedRoute({
    path: `/${name}/watch/list`,
    docs: {
      summary: `List the ${name}s that you watch.`,
      description: 'The newest come first. Those of other users are in no list, not even for an admin.',
      response: list,
      example: {},
    },
    input: z.object({}),
    document: WATCHES,
    variables: (_input, after) => ({ kind, after }),
    next: ({ watches: { pageInfo } }) => (pageInfo.hasNextPage ? pageInfo.endCursor : null),
    itemsOf: ({ watches }, { now }) => watches.nodes.map((watch) => serializeWatch(watch, now)),
  });
}

/** "1 album", "2 albums". */
function counted(count: number, plural: 'checks' | Words['members']): string {
  return `${count} ${count === 1 ? plural.replace(/s$/, '') : plural}`;
}

const MARKS = {
  POST: {
    document: MARK_KNOWN,
    summary: (members: string) => `Mark ${members} as ones that you have.`,
    description: 'They are not downloaded.',
    body: (name: string) => `${name}MarkedKnown`,
    done: 'marked as known',
  },
  DELETE: {
    document: MARK_MISSING,
    summary: (members: string) => `Mark ${members} as missing.`,
    description: 'The next check downloads them.',
    body: (name: string) => `${name}MarkedMissing`,
    done: 'marked as missing',
  },
} as const;

const MAX_MARKED = 1_000;

function memberIds(members: Words['members']): z.ZodType<string[]> {
  const error = `a list of 1 to ${MAX_MARKED} ids of ${members} is required`;
  const id = text(MAX_TEXT_CHARS, `each id is a text of 1 to ${MAX_TEXT_CHARS} characters`);
  return z.array(id, { error }).min(1, { error }).max(MAX_MARKED, { error });
}

function markRoute({ kind, name, members, ids, example }: Words, method: keyof typeof MARKS): AnyRoute {
  const { document, summary, description, body, done } = MARKS[method];
  const list = memberIds(members);
  const input = z
    .object({ id: itemId(name), [ids]: list.describe(`Ids of ${members} in the list.`) })
    .describe(`Ids of ${members}; a bare list of them is accepted too.`);
  return route({
    methods: [method],
    path: `/${name}/watch/{id}/${members}`,
    docs: {
      summary: summary(`${members} of one watched ${name}`),
      description: `${description} Ids that the list does not have are left out of \`processed_count\`.`,
      body: body(kind === 'ARTIST' ? 'Albums' : 'Tracks'),
      response: markedSchema,
      example: { id: example.id, [ids]: [example.member] },
      errors: [404],
    },
    input: orBareList(input, ids),
    document,
    variables: (sent) => ({ id: String(sent['id']), kind, items: list.parse(sent[ids]) }),
    respond: ({ result }) => {
      if (result.__typename !== 'MembersMarked') throw toFailure(result);
      const { count, watch } = result;
      return {
        message: `${counted(count, members)} of "${watch.title}" ${done}.`,
        processed_count: count,
        ...warningOf(watch),
      };
    },
  });
}

function checkAllRoute({ kind, name }: Words): AnyRoute {
  return route({
    methods: ['POST'],
    path: `/${name}/watch/trigger_check`,
    docs: {
      summary: `Check all watched ${name}s now.`,
      description: 'Each check is a task. While watching is turned off: 403.',
      response: checksSchema,
      example: {},
    },
    input: z.object({}),
    document: CHECK_ALL,
    variables: () => ({ kind }),
    respond: ({ checkAllWatches: result }) => {
      if (result.__typename !== 'ChecksQueued') throw toFailure(result);
      const task_ids = result.tasks.map(({ id }) => plainIdOf(id));
      return { message: `Queued ${counted(task_ids.length, 'checks')} of watched ${name}s.`, task_ids };
    },
  });
}

function checkOneRoute({ kind, name, example }: Words): AnyRoute {
  return route({
    methods: ['POST'],
    path: `/${name}/watch/trigger_check/{id}`,
    docs: {
      summary: `Check one watched ${name} now.`,
      description: 'The check is a task. While watching is turned off: 403.',
      response: checksSchema,
      example: { id: example.id },
      errors: [404],
    },
    input: byId(name),
    document: CHECK_ONE,
    variables: ({ id }) => ({ id, kind }),
    respond: ({ checkWatch: result }) => {
      if (result.__typename !== 'CheckQueued') throw toFailure(result);
      const { id, title } = result.task;
      return { message: `Check of "${title}" queued.`, task_ids: [plainIdOf(id)] };
    },
  });
}

const commonRoutes = (words: Words): AnyRoute[] => [
  statusRoute(words),
  unwatchRoute(words),
  listRoute(words),
  markRoute(words, 'POST'),
  markRoute(words, 'DELETE'),
  checkAllRoute(words),
  checkOneRoute(words),
];

export const WATCH_ROUTES: readonly AnyRoute[] = [
  watchRoute(PLAYLIST, {
    input: playlistOptions,
    body: 'PlaylistWatchOptions',
    choose: ({ id, download_existing, watch_new_additions }) => ({
      id,
      existing: download_existing,
      added: watch_new_additions,
    }),
  }),
  ...commonRoutes(PLAYLIST),
  watchRoute(ARTIST, {
    input: artistOptions,
    body: 'ArtistWatchOptions',
    choose: ({ id, download_existing, watch_new_releases, album_types }) => ({
      id,
      existing: download_existing,
      added: watch_new_releases,
      groups: album_types ?? null,
    }),
  }),
  ...commonRoutes(ARTIST),
];
