import type { Album, AlbumGroup, Track } from '../catalog/catalog-item.js';
import type { MemberOrigin, MemberState, WatchMember } from './watch.js';

/** One item of a list, at all its positions. */
export interface ListedItem {
  itemId: string;
  title: string;
  positions: number[];
  /** False for an entry that its catalog no longer has. */
  available: boolean;
  explicit: boolean;
}

export interface Reading {
  listed: ReadonlyMap<string, ListedItem>;
  /** Those that may have to be downloaded. */
  items: ReadonlyMap<string, Track | Album>;
  /** Entries without an id. */
  unnamedCount: number;
  /** Of an artist, the kinds of albums that were read. */
  groups: readonly AlbumGroup[];
  /** Whether what is not listed has left. */
  complete: boolean;
  /** Why it is not complete. */
  notice: string | null;
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
  /** Ids of members that left. */
  removed: string[];
}

/** States that say nothing of a download. */
const OPEN_STATES: readonly MemberState[] = ['MISSING', 'EXCLUDED', 'UNAVAILABLE'];

/** As sets: an item that moved is the same member. */
export function compareList(
  { listed, complete }: Pick<Reading, 'listed' | 'complete'>,
  members: ReadonlyMap<string, KnownMember>,
  { isFirst, explicitFilter }: { isFirst: boolean; explicitFilter: boolean },
): ListChange {
  const changed: MemberRow[] = [];
  let added = 0;
  for (const item of listed.values()) {
    const before = members.get(item.itemId);
    const row = toRow(item, before, { isFirst, explicitFilter });
    if (!before) added += 1;
    if (!before || differs(before, row)) changed.push(row);
  }
  const isGone = ({ itemId, removedAt }: KnownMember) => removedAt === null && !listed.has(itemId);
  const removed = complete ? [...members.values()].filter(isGone).map(({ itemId }) => itemId) : [];
  return { changed, added, removed };
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
