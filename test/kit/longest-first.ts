import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What waits most comes first: no long file is left for the end, when the other workers have nothing to do. */
const FOLDERS = [
  'test/abuse/',
  'test/clients/',
  'test/system/',
  'test/jobs/',
  'test/store/',
  'test/media/',
  'test/graphql/',
  'test/rest/',
];

/** By folder; within one as vitest has it, which is by the last run's times or else by size. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files);
    return usual.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf({ moduleId, project }: TestSpecification): number {
  const path = relative(project.config.root, moduleId);
  const rank = FOLDERS.findIndex((folder) => path.startsWith(folder));
  return rank < 0 ? FOLDERS.length : rank;
}
