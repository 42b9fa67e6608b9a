import type { SettingsSection, TaskState } from '../generated/prisma/enums.js';

/** Every event's name and the small facts it carries. Names are past tense; ids, never whole rows. */
export interface Events {
  /** Sent by the database itself when a transaction that changed a task commits. */
  'task.changed': { taskId: string; ownerId: string; parentId: string | null; state: TaskState };
  /** Sent by the database itself when settings of this section were changed. */
  'settings.changed': { section: SettingsSection; version: number };
  /** Of this process: changed settings are in force now. */
  'settings.applied': Record<string, never>;
  /** News may have been lost (the connection that listens was cut): readers read again from their mark. */
  'bus.gap': Record<string, never>;
}

export type EventName = keyof Events;
