import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../lib/errors.js';
import type { Task } from '../tasks/task.js';

type Try = Pick<Task, 'id' | 'attempt'>;

const NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(?:source|made|cover)\.(\d+)$/;

/**
 * What one try writes before its file is in place. Each try has names of its own: a worker that slept through the
 * end of its lease wakes up with the task in other hands, and must not write into their file.
 */
export function namesOfTry(
  incoming: string,
  { id, attempt }: Try,
): { received: string; made: string; unfinishedCover: string } {
  const path = (part: string) => join(incoming, `${id}.${part}.${attempt}`);
  return { received: path('source'), made: path('made'), unfinishedCover: path('cover') };
}

/** The task that an unfinished file belongs to; null for a name that is none of ours. */
export function taskOf(name: string): string | null {
  return NAME.exec(name)?.[1] ?? null;
}

/** Removes what this try wrote, and what earlier ones left behind because their worker was killed. */
export async function removeUnfinished(incoming: string, { id, attempt }: Try): Promise<void> {
  const names = (await listUnfinished(incoming)).filter((name) => {
    const [, task, number] = NAME.exec(name) ?? [];
    return task === id && Number(number) <= attempt;
  });
  await Promise.all(names.map((name) => rm(join(incoming, name), { force: true })));
}

/** Names only; none where there is no such directory. */
export async function listUnfinished(incoming: string): Promise<string[]> {
  try {
    return await readdir(incoming);
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCodeOf(thrown) ?? '')) return [];
    throw thrown;
  }
}
