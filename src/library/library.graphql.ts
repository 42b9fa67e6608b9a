import { builder } from '../graphql/builder.js';
import { connectOffsetPage, createConnectionType, pageArgs, pageComplexity } from '../graphql/connection.js';
import { countReadableFiles, listProblems, type LibraryProblem } from './library-store.js';
import { scanLibraryJob } from './scan-library.job.js';

const LibraryProblemType = builder.objectRef<LibraryProblem>('LibraryProblem').implement({
  description: 'A file that could not be read when it was last looked at.',
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Where it is on the server.' }),
    problem: t.exposeString('problem', { description: 'What is wrong with it.' }),
  }),
});

const LibraryProblemConnection = createConnectionType(
  'LibraryProblem',
  LibraryProblemType,
  'files that cannot be read',
);

/** Its directories. */
const LibraryType = builder.objectRef<string[]>('Library').implement({
  description: 'The owner’s own files, as the last scan of LIBRARY_DIRS saw them.',
  fields: (t) => ({
    directories: t.stringList({ description: 'LIBRARY_DIRS.', resolve: (directories) => directories }),
    fileCount: t.int({
      description: 'Files that can be found and played.',
      resolve: (_directories, _args, { db }) => countReadableFiles(db),
    }),
    problems: t.field({
      type: LibraryProblemConnection,
      description: 'Files that cannot be read, by path.',
      args: pageArgs(t),
      complexity: pageComplexity,
      resolve: (_directories, args, { db }) => connectOffsetPage(args, (page) => listProblems(db, page)),
    }),
  }),
});

builder.queryField('library', (t) =>
  t.field({
    type: LibraryType,
    description: 'The owner’s own files.',
    resolve: (_root, _args, { env }) => env.libraryDirs,
  }),
);

builder.mutationField('scanLibrary', (t) =>
  t.field({
    type: LibraryType,
    description:
      'Has LIBRARY_DIRS looked through now, by a worker, instead of within ten minutes; only files that changed are read.',
    resolve: async (_root, _args, { env, jobs }) => {
      await jobs.enqueue(scanLibraryJob, {});
      return env.libraryDirs;
    },
  }),
);
