import { builder } from '../graphql/builder.js';
import {
  connectOffsetPage,
  createConnectionType,
  offsetPageArgs,
  pageComplexity,
} from '../graphql/connection.js';
import { countReadableFiles, listProblems, type LibraryProblem } from './library-scan-store.js';
import { scanLibraryJob } from './scan-library.job.js';

const LibraryProblemType = builder.objectRef<LibraryProblem>('LibraryProblem').implement({
  description: 'A file of the library that the last scan could not read.',
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Path of the file on the server.' }),
    problem: t.exposeString('problem', { description: 'Why the file cannot be read.' }),
  }),
});

const LibraryProblemConnection = createConnectionType(
  'LibraryProblem',
  LibraryProblemType,
  'the library files that cannot be read',
);

const LibraryType = builder.objectRef<string[]>('Library').implement({
  description: 'The owner’s own music files, as the last scan of LIBRARY_DIRS found them.',
  fields: (t) => ({
    directories: t.stringList({
      description: 'Scanned directories (LIBRARY_DIRS); empty when there is no library.',
      resolve: (directories) => directories,
    }),
    fileCount: t.int({
      description: 'Number of readable audio files.',
      resolve: (_directories, _args, { db }) => countReadableFiles(db),
    }),
    problems: t.field({
      type: LibraryProblemConnection,
      description: 'Files that could not be read, ordered by path.',
      args: offsetPageArgs(t),
      complexity: pageComplexity,
      resolve: (_directories, args, { db }) => connectOffsetPage(args, (page) => listProblems(db, page)),
    }),
  }),
});

builder.queryField('library', (t) =>
  t.field({
    type: LibraryType,
    description: 'The library: the owner’s own music files.',
    resolve: (_root, _args, { env }) => env.libraryDirs,
  }),
);

builder.mutationField('scanLibrary', (t) =>
  t.field({
    type: LibraryType,
    description:
      'Starts a scan of LIBRARY_DIRS on a worker, instead of waiting up to ten minutes for the next. Only changed files are read.',
    resolve: async (_root, _args, { env, jobs }) => {
      await jobs.enqueue(scanLibraryJob, {});
      return env.libraryDirs;
    },
  }),
);
