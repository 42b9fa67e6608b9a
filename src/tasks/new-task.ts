import { v7 as timeOrderedUuid } from 'uuid';
import { titleOf, type QueueableItem } from '../catalog/catalog-item.js';
import type { EntryAbsence } from '../catalog/catalog-source.js';
import { normalizeText } from '../catalog/normalize.js';
import type { TaskErrorCode } from '../lib/errors.js';
import { dedupeKeyOf, type DownloadOptions } from './download-options.js';
import { DuplicateDownloadError } from './errors.js';
import type { Task, TaskKind } from './task.js';

export interface NewTask {
  /** UUID version 7: ordered by creation even within a millisecond, which pages rely on. */
  id: string;
  kind: TaskKind;
  state?: 'FAILED' | 'SKIPPED';
  ownerId: string;
  parentId?: string;
  position?: number;
  dedupeKey?: string;
  duplicateOfId?: string;
  createdAt?: Date;
  itemId: string;
  title: string;
  artists: string[];
  album: string | null;
  searchText: string;
  /** Null for an entry of a list that its catalog no longer has. */
  item: QueueableItem | null;
  options: DownloadOptions;
  priority: number;
  errorCode?: TaskErrorCode;
  errorMessage?: string;
  errorRetryable?: boolean;
}

export function describeItem(
  item: QueueableItem,
): Pick<NewTask, 'kind' | 'itemId' | 'title' | 'artists' | 'album' | 'searchText' | 'item'> {
  const title = titleOf(item);
  const artists = artistsOf(item);
  const album = item.type === 'TRACK' ? (item.album?.title ?? null) : null;
  const searchText = toSearchText([title, ...artists, album ?? '']);
  return { kind: item.type, itemId: item.id, title, artists, album, searchText, item };
}

const MAX_SEARCH_TEXT = 500;

/** The space before the text lets searches match the start of a word. */
export function toSearchText(names: readonly string[]): string {
  return ` ${normalizeText(names.join(' '))}`.slice(0, MAX_SEARCH_TEXT);
}

function artistsOf(item: QueueableItem): string[] {
  switch (item.type) {
    case 'TRACK':
    case 'ALBUM':
      return item.artists.map((artist) => artist.name);
    case 'PLAYLIST':
      return [item.owner.name];
    case 'ARTIST':
      return [item.name];
  }
}

export interface Refusal {
  code: TaskErrorCode;
  message: string;
}

interface NewEntry {
  item: QueueableItem | null;
  /** Why `item` is null. */
  absence?: EntryAbsence;
  position: number;
  refusal: Refusal | null;
}

/** A missing entry is FAILED, a refused one SKIPPED. */
export function newChildren(
  parent: { task: Task; options: DownloadOptions },
  entries: readonly NewEntry[],
): NewTask[] {
  const options = { ...parent.options, albumGroups: null };
  return entries.map((entry) => newChild(parent.task, options, entry));
}

function newChild(parent: Task, options: DownloadOptions, entry: NewEntry): NewTask {
  const { item, position, refusal, absence = 'GONE' } = entry;
  const inherited = {
    id: timeOrderedUuid(),
    ownerId: parent.ownerId,
    parentId: parent.id,
    position,
    options,
    priority: parent.priority,
  };
  if (item) {
    // What is of use by itself may be queued by itself already; a track belongs to its album in any case.
    const alone = parent.kind === 'ARTIST' || parent.kind === 'WATCH_CHECK';
    const key = alone ? { dedupeKey: dedupeKeyOf(parent.ownerId, item.id, options) } : {};
    return { ...inherited, ...key, ...describeItem(item), ...(refusal && asSkipped(refusal)) };
  }
  const title = `Entry ${position + 1}`;
  return {
    ...inherited,
    kind: 'TRACK',
    state: 'FAILED',
    itemId: parent.itemId,
    title,
    artists: [],
    album: null,
    searchText: toSearchText([title]),
    item: null,
    errorCode: 'CATALOG_ITEM_NOT_FOUND',
    errorMessage: `${title} of "${parent.title}" ${ABSENCES[absence]}.`,
    errorRetryable: false,
  };
}

/** Completes a sentence about the entry. */
const ABSENCES: Readonly<Record<EntryAbsence, string>> = {
  GONE: 'is no longer in the catalog',
  LOCAL_FILE: 'is a file on a device of whoever added it, which the catalog does not have',
  EPISODE: 'is an episode of a show, which cannot be downloaded',
};

export function asDuplicate(child: NewTask, existing: Task): NewTask {
  const { code, message } = new DuplicateDownloadError(existing);
  return { ...child, ...asSkipped({ code, message }), duplicateOfId: existing.id };
}

function asSkipped({ code, message }: Refusal) {
  return { state: 'SKIPPED' as const, errorCode: code, errorMessage: message, errorRetryable: false };
}
