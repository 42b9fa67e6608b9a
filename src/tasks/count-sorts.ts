import type { Viewer } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import { sumSorts, type TaskSort } from './task-count-store.js';

export type { TaskSort };

/**
 * How many tasks of each sort the viewer sees, dismissed ones and parts of others too: a hundred rows at most, as
 * quick for a million tasks as for ten.
 */
export function countSorts({ db }: Pick<Platform, 'db'>, viewer: Viewer): Promise<TaskSort[]> {
  return sumSorts(db, viewer);
}
