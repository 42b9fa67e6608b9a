import { v7 as timeOrderedUuid } from 'uuid';
import { titleOf, type QueueableItem } from '../catalog/catalog-item.js';
import { normaliseText } from '../catalog/normalize.js';
import type { ErrorCode } from '../lib/errors.js';
import { dedupeKeyOf, parseDownloadOptions, type DownloadOptions } from './download-options.js';
import { DuplicateDownloadError } from './errors.js';
import type { Task, TaskKind } from './task.js';

/** The initial values of a task; other columns have the database's defaults. */
export interface NewTask {
  /** UUID version 7: pages are ordered by it within a millisecond. */
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
  /** Null for a playlist entry that is no longer in its catalog. */
  item: QueueableItem | null;
  options: object;
  priority: number;
  errorCode?: string;
  errorMessage?: string;
  errorRetryable?: boolean;
}

/** The columns that describe a task's item in lists and searches. */
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

/** The text that history searches compare. Its leading space makes every word's beginning searchable. */
export function toSearchText(names: readonly string[]): string {
  return ` ${normaliseText(names.join(' '))}`.slice(0, MAX_SEARCH_TEXT);
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

/** Why an entry is skipped although its catalog has it. */
export interface Refusal {
  code: ErrorCode;
  message: string;
}

export interface NewEntry {
  /** Null for an entry that is no longer in its catalog. */
  item: QueueableItem | null;
  /** From 0. */
  position: number;
  refusal: Refusal | null;
}

/** A parent's children, with its owner, options and priority. A missing entry is FAILED, a refused one SKIPPED. */
export function newChildren(parent: Task, entries: readonly NewEntry[]): NewTask[] {
  const options = { ...parseDownloadOptions(parent.options), albumGroups: null };
  return entries.map((entry) => newChild(parent, options, entry));
}

function newChild(parent: Task, options: DownloadOptions, { item, position, refusal }: NewEntry): NewTask {
  const inherited = {
    id: timeOrderedUuid(),
    ownerId: parent.ownerId,
    parentId: parent.id,
    position,
    options,
    priority: parent.priority,
  };
  if (item) {
    // An artist's album may also be queued by itself; a track of an album is never compared with other tasks.
    const key = parent.kind === 'ARTIST' ? { dedupeKey: dedupeKeyOf(parent.ownerId, item.id, options) } : {};
    return { ...inherited, ...key, ...describeItem(item), ...(refusal && skipped(refusal)) };
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
    errorMessage: `Entry ${position + 1} of "${parent.title}" is no longer in the catalog.`,
    errorRetryable: false,
  };
}

/** The child, SKIPPED because an active task downloads the same. */
export function asDuplicate(child: NewTask, existing: Task): NewTask {
  const { code, message } = new DuplicateDownloadError(existing);
  return { ...child, ...skipped({ code, message }), duplicateOfId: existing.id };
}

function skipped({ code, message }: Refusal) {
  return { state: 'SKIPPED' as const, errorCode: code, errorMessage: message, errorRetryable: false };
}
