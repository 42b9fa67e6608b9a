import type { Env } from '../env.js';
import { builder } from '../graphql/builder.js';
import {
  connectOffsetPage,
  createConnectionType,
  offsetPageArgs,
  pageComplexity,
} from '../graphql/connection.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { parseServerId, SERVER_ID } from '../graphql/node-id.js';
import { ForbiddenError } from '../lib/errors.js';
import { countReadableFiles, listProblems, type LibraryProblem } from './library-scan-store.js';
import { LibraryNotConfiguredError, requestScan } from './request-scan.js';

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

/** There is one on a server. */
interface Library {
  id: typeof SERVER_ID;
  directories: string[];
}

const libraryOf = ({ libraryDirs }: Pick<Env, 'libraryDirs'>): Library => ({
  id: SERVER_ID,
  directories: libraryDirs,
});

export const LibraryType = builder.node(builder.objectRef<Library>('Library'), {
  description: 'The owner’s own music files, as the last scan of LIBRARY_DIRS found them.',
  id: { resolve: ({ id }) => id, description: `Permanent id, always \`Library:${SERVER_ID}\`.` },
  brandLoadedObjects: true,
  loadOne: (id, { env }) => {
    parseServerId('Library', id);
    return Promise.resolve(libraryOf(env));
  },
  fields: (t) => ({
    directories: t.exposeStringList('directories', {
      description: 'Scanned directories (folders, LIBRARY_DIRS); empty when there is no library.',
    }),
    fileCount: t.int({
      description: 'Number of readable audio files.',
      resolve: (_library, _args, { db }) => countReadableFiles(db),
    }),
    problems: t.field({
      type: LibraryProblemConnection,
      description: 'Files that could not be read, ordered by path.',
      args: offsetPageArgs(t),
      complexity: pageComplexity,
      resolve: (_library, args, { db }) => connectOffsetPage(args, (page) => listProblems(db, page)),
    }),
  }),
});

builder.queryField('library', (t) =>
  t.field({
    type: LibraryType,
    description: 'The library: the owner’s own music files.',
    resolve: (_root, _args, { env }) => libraryOf(env),
  }),
);

builder.objectType(LibraryNotConfiguredError, {
  name: 'LibraryNotConfigured',
  description: 'Returned when no folder of music is set up: LIBRARY_DIRS is empty.',
  interfaces: [ErrorInterface],
});

const LibraryScanRequested = builder.objectRef<Library>('LibraryScanRequested').implement({
  description: 'A worker scans the library soon.',
  fields: (t) => ({
    library: t.field({
      type: LibraryType,
      description: 'The library as it is before the scan.',
      resolve: (library) => library,
    }),
  }),
});

builder.mutationField('scanLibrary', (t) =>
  t.field({
    type: LibraryScanRequested,
    description:
      'Starts a scan of LIBRARY_DIRS on a worker, instead of waiting up to ten minutes for the next. Only changed files are read. Requires the admin role.',
    errors: {
      types: [LibraryNotConfiguredError, ForbiddenError],
      union: { name: 'ScanLibraryResult', description: 'The requested scan, or why there is none.' },
    },
    resolve: async (_root, _args, context) => {
      await requestScan(context, context.viewer);
      return libraryOf(context.env);
    },
  }),
);
