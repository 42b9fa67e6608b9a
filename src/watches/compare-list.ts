import { z } from 'zod';
import { createExclusion, NO_FILTER, type WatchFilter } from './watch-options.js';
import type { MemberExclusion, MemberOrigin, MemberState, WatchMember } from './watch.js';

/** What a list says of one of its items. */
export const listedSchema = z.object({
  title: z.string(),
  /** False for an entry that its catalog no longer has. */
  available: z.boolean(),
  explicit: z.boolean(),
  /** Null where the catalog does not say, as for albums. */
  durationMs: z.number().nullable(),
});

/** One item of a list, at all its positions. */
export interface ListedItem extends z.infer<typeof listedSchema> {
  itemId: string;
  positions: number[];
}

export type KnownMember = Pick<
  WatchMember,
  'itemId' | 'title' | 'positions' | 'state' | 'exclusion' | 'origin' | 'removedAt'
>;

export interface MemberRow {
  itemId: string;
  title: string;
  positions: number[];
  origin: MemberOrigin;
  state: MemberState;
  exclusion: MemberExclusion | null;
}

export interface ListChange {
  /** New members, and those that moved, came back or can be downloaded now. */
  changed: MemberRow[];
  added: number;
}

/** What the list says does not change them. */
const SETTLED_STATES: readonly MemberState[] = ['KNOWN', 'QUEUED'];

interface Rules {
  isFirst: boolean;
  /** Of the server. */
  explicitFilter: boolean;
  filter: WatchFilter;
}

/** A part of a list with the members of the same ids. As sets: an item that moved is the same member. */
export function compareList(
  listed: readonly ListedItem[],
  members: ReadonlyMap<string, KnownMember>,
  { isFirst, explicitFilter, filter }: Rules,
): ListChange {
  const excludes = createExclusion(filter, { explicitFilter });
  // What a person requested is left out by the server's rule alone.
  const excludesRequested = createExclusion(NO_FILTER, { explicitFilter });
  const changed: MemberRow[] = [];
  let added = 0;
  for (const item of listed) {
    const before = members.get(item.itemId);
    const exclusion = (before?.origin === 'REQUESTED' ? excludesRequested : excludes)(item);
    const row = toRow(item, before, { isFirst, exclusion });
    if (!before) added += 1;
    if (!before || differs(before, row)) changed.push(row);
  }
  return { changed, added };
}

function toRow(
  { itemId, title, positions, available }: ListedItem,
  before: KnownMember | undefined,
  { isFirst, exclusion }: { isFirst: boolean; exclusion: MemberExclusion | null },
): MemberRow {
  const state = stateOf({ before: before?.state, available, exclusion });
  return {
    itemId,
    // An entry that is gone has none.
    title: title || (before?.title ?? ''),
    positions,
    origin: before?.origin ?? (isFirst ? 'FIRST' : 'ADDED'),
    state,
    exclusion: state === 'EXCLUDED' ? exclusion : null,
  };
}

function stateOf({
  before = 'MISSING',
  available,
  exclusion,
}: {
  before: MemberState | undefined;
  available: boolean;
  exclusion: MemberExclusion | null;
}): MemberState {
  if (SETTLED_STATES.includes(before)) return before;
  // A failed one that is left out is not tried again.
  if (before === 'FAILED') return exclusion ? 'EXCLUDED' : 'FAILED';
  if (!available) return 'UNAVAILABLE';
  return exclusion ? 'EXCLUDED' : 'MISSING';
}

function differs(before: KnownMember, row: MemberRow): boolean {
  return (
    before.removedAt !== null ||
    before.title !== row.title ||
    before.state !== row.state ||
    before.exclusion !== row.exclusion ||
    before.positions.length !== row.positions.length ||
    before.positions.some((position, at) => position !== row.positions[at])
  );
}
