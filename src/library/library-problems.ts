import { namedEnum } from '../lib/named-enum.js';
import type { z } from 'zod';

export const problemKind = namedEnum(
  'LibraryProblemKind',
  'Why a file or folder of the library was not read.',
  {
    UNREADABLE: 'Its audio or its tags cannot be read.',
    EXTENSION: 'Files with such an extension are not read.',
    PERMISSION: 'The user that runs Reprise may not read it.',
    NAME: 'Its name is not valid UTF-8, or too long.',
    LINK: 'It is a link that leads nowhere, in a circle, or out of LIBRARY_DIRS.',
    AWAY: 'It was there, and is missing or empty: perhaps a disk is not mounted.',
    DISK: 'The disk reported an error, or it is no plain file.',
  },
);
export type ProblemKind = z.infer<typeof problemKind>;

/** What a scan did not read. */
export interface PassedOver {
  path: string;
  kind: ProblemKind;
  problem: string;
}

/** Stored of each kind: a folder of another kind of files may have thousands. */
const MAX_EXAMPLES = 100;

export interface ProblemList {
  add(passed: PassedOver): void;
  examples(): PassedOver[];
  counts(): { kind: ProblemKind; count: number }[];
}

export function createProblemList(): ProblemList {
  const examples: PassedOver[] = [];
  const counts = new Map<ProblemKind, number>();
  return {
    add(passed) {
      const count = (counts.get(passed.kind) ?? 0) + 1;
      counts.set(passed.kind, count);
      if (count <= MAX_EXAMPLES) examples.push(passed);
    },
    examples: () => examples,
    counts: () => [...counts].map(([kind, count]) => ({ kind, count })),
  };
}
