import type { Viewer } from '../auth/viewer.js';
import type { TaskFilter } from '../tasks/task-filter.js';
import type { Task } from '../tasks/task.js';

/** A task as it was at one moment, and the mark from which a reader resumes without a gap. */
export interface TaskNews {
  /** Resuming from here may repeat news, and misses none. */
  sequence: string;
  /** Part of the snapshot that a subscription starts with. */
  initial: boolean;
  task: Task;
}

export interface FeedRequest {
  viewer: Viewer;
  filter: TaskFilter;
  /** A mark from earlier news; null starts with the tasks that are live now. */
  since: bigint | null;
}
