import { z } from 'zod';
import type { MemberOrigin, MemberState, WatchMember } from './watch.js';

/** What a list says of one of its items. */
export const listedSchema = z.object({
  title: z.string(),
  /** False for an entry that its catalog no longer has. */
  available: z.boolean(),
  explicit: z.boolean(),
});

/** One item of a list, at all its positions. */
export interface ListedItem extends z.infer<typeof listedSchema> {
  itemId: string;
  positions: number[];
}

export type KnownMember = Pick<
  WatchMember,
  'itemId' | 'title' | 'positions' | 'state' | 'origin' | 'removedAt'
>;

export interface MemberRow {
  itemId: string;
  title: string;
  positions: number[];
  origin: MemberOrigin;
  state: MemberState;
}

export interface ListChange {
  /** New members, and those that moved, came back or can be downloaded now. */
  changed: MemberRow[];
  added: number;
}

/** States that say nothing of a download. */
const OPEN_STATES: readonly MemberState[] = ['MISSING', 'EXCLUDED', 'UNAVAILABLE'];

/** A part of a list with the members of the same ids. As sets: an item that moved is the same member. */
export function compareList(
  listed: readonly ListedItem[],
  members: ReadonlyMap<string, KnownMember>,
  { isFirst, explicitFilter }: { isFirst: boolean; explicitFilter: boolean },
): ListChange {
  const changed: MemberRow[] = [];
  let added = 0;
  for (const item of listed) {
    const before = members.get(item.itemId);
    const row = toRow(item, before, { isFirst, explicitFilter });
    if (!before) added += 1;
    if (!before || differs(before, row)) changed.push(row);
  }
  return { changed, added };
}

function toRow(
  { itemId, title, positions, available, explicit }: ListedItem,
  before: KnownMember | undefined,
  { isFirst, explicitFilter }: { isFirst: boolean; explicitFilter: boolean },
): MemberRow {
  const open = !available ? 'UNAVAILABLE' : explicit && explicitFilter ? 'EXCLUDED' : 'MISSING';
  return {
    itemId,
    // An entry that is gone has none.
    title: title || (before?.title ?? ''),
    positions,
    origin: before?.origin ?? (isFirst ? 'FIRST' : 'ADDED'),
    state: before && !OPEN_STATES.includes(before.state) ? before.state : open,
  };
}

function differs(before: KnownMember, row: MemberRow): boolean {
  return (
    before.removedAt !== null ||
    before.title !== row.title ||
    before.state !== row.state ||
    before.positions.length !== row.positions.length ||
    before.positions.some((position, at) => position !== row.positions[at])
  );
}
