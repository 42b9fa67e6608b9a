import type { Env } from '../env.js';
import type { LatestUpdate } from '../events/latest-feed.js';
import { builder, enumTypeOf } from '../graphql/builder.js';
import {
  connectOffsetPage,
  createConnectionType,
  offsetPageArgs,
  pageComplexity,
} from '../graphql/connection.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { parseServerId, SERVER_ID } from '../graphql/node-id.js';
import { ForbiddenError } from '../auth/errors.js';
import { problemKind, type PassedOver } from './library-problems.js';
import {
  countAwayFiles,
  countProblems,
  countReadableFiles,
  findScan,
  listProblems,
  type ProblemCount,
  type LibraryRow,
  type LibraryScan,
} from './library-scan-store.js';
import { forgetMissingFiles, LibraryNotConfiguredError, requestScan } from './request-scan.js';

const LibraryProblemKindEnum = enumTypeOf(problemKind);

const LibraryProblemType = builder.objectRef<PassedOver>('LibraryProblem').implement({
  description: 'A file or folder of the library that the last scan did not read.',
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Path of the file or folder on the server.' }),
    kind: t.expose('kind', {
      type: LibraryProblemKindEnum,
      description: 'The reason as a code, for filters and counts.',
    }),
    problem: t.exposeString('problem', { description: 'Why it was not read, and what helps.' }),
  }),
});

const LibraryProblemConnection = createConnectionType(
  'LibraryProblem',
  LibraryProblemType,
  'the library files and folders that are not read',
);

const LibraryProblemCountType = builder.objectRef<ProblemCount>('LibraryProblemCount').implement({
  description: 'How many files and folders of the library have one kind of problem.',
  fields: (t) => ({
    kind: t.expose('kind', { type: LibraryProblemKindEnum, description: 'The kind that is counted.' }),
    count: t.exposeInt('count', {
      description: 'All of them, though `problems` lists at most 100 of a kind.',
    }),
  }),
});

/** There is one on a server. */
interface Library {
  id: typeof SERVER_ID;
  directories: string[];
}

const libraryOf = ({ libraryDirs }: Pick<Env, 'libraryDirs'>): Library => ({
  id: SERVER_ID,
  directories: libraryDirs,
});

/** Users see how many files there are. Paths of the owner’s own disk are for admins, and null for others. */
const LibraryType = builder.node(builder.objectRef<Library>('Library'), {
  description: 'The owner’s own music files, as the last scan of LIBRARY_DIRS found them.',
  id: { resolve: ({ id }) => id, description: `Permanent id, always \`Library:${SERVER_ID}\`.` },
  brandLoadedObjects: true,
  loadOne: (id, { env }) => {
    parseServerId('Library', id);
    return Promise.resolve(libraryOf(env));
  },
  fields: (t) => ({
    directories: t.exposeStringList('directories', {
      nullable: true,
      authScopes: { ADMIN: true },
      description: 'Scanned directories (folders, LIBRARY_DIRS); empty when there is no library.',
    }),
    fileCount: t.int({
      description: 'Number of readable audio files, those that are away included.',
      resolve: (_library, _args, { db }) => countReadableFiles(db),
    }),
    missingFileCount: t.int({
      description:
        'Number of files that are away: their disk, or a folder that held much, is missing or empty. They are forgotten after LIBRARY_FORGET_DAYS.',
      resolve: (_library, _args, { db }) => countAwayFiles(db),
    }),
    problemCounts: t.field({
      type: [LibraryProblemCountType],
      description: 'Number of problems of each kind that there is.',
      resolve: (_library, _args, { db }) => countProblems(db),
    }),
    problems: t.field({
      type: LibraryProblemConnection,
      nullable: true,
      authScopes: { ADMIN: true },
      description:
        'Files and folders that were not read, with the reason, ordered by path; at most 100 of each kind other than UNREADABLE.',
      args: offsetPageArgs(t),
      complexity: pageComplexity,
      resolve: (_library, args, { db }) => connectOffsetPage(args, (page) => listProblems(db, page)),
    }),
  }),
});

const LibraryScanType = builder.objectRef<LibraryScan>('LibraryScan').implement({
  description: 'One scan of the folders of the library, and what it found.',
  fields: (t) => ({
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When the scan started.' }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the scan finished; null while it runs, or when it was interrupted.',
    }),
    fileCount: t.exposeInt('fileCount', {
      description: 'Readable audio files after the scan; before it, while it runs.',
    }),
    problemCount: t.exposeInt('problemCount', {
      description: 'Files and folders that were not read by the scan; before it, while it runs.',
    }),
  }),
});

builder.objectField(LibraryType, 'lastScan', (t) =>
  t.field({
    type: LibraryScanType,
    nullable: true,
    description: 'The last scan, or the one that runs; null before the first.',
    resolve: (_library, _args, { db }) => findScan(db),
  }),
);

const LibraryUpdateType = builder.objectRef<LatestUpdate<LibraryRow>>('LibraryUpdate').implement({
  description: 'The library when a scan started or finished.',
  fields: (t) => ({
    sequence: t.exposeString('sequence', {
      description:
        'Position of this update, in the same numbers as those of tasks and settings. To resume several streams with one number, pass the lowest of their latest as `since`.',
    }),
    initial: t.exposeBoolean('initial', {
      description: 'True for the state that a subscription starts with, false for a change.',
    }),
    scan: t.field({
      type: LibraryScanType,
      nullable: true,
      description: 'The scan that started or finished; null before the first.',
      resolve: ({ row }) => row.scan,
    }),
    library: t.field({
      type: LibraryType,
      description: 'The library with its files and problems.',
      resolve: (_update, _args, { env }) => libraryOf(env),
    }),
  }),
});

builder.subscriptionField('libraryUpdates', (t) =>
  t.field({
    type: LibraryUpdateType,
    description:
      'Starts and ends of library scans, after the state of the last one; with `since`, only if it changed since then.',
    args: {
      since: t.arg.string({
        description: 'The `sequence` of an earlier update of any subscription, to go on from there.',
      }),
    },
    subscribe: (_root, { since }, { libraryFeed }) => libraryFeed.subscribe(since),
    resolve: (update: LatestUpdate<LibraryRow>) => update,
  }),
);

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
  description: 'A worker scans the library soon. Follow it with `libraryUpdates`.',
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
    authScopes: { ADMIN: true },
    type: LibraryScanRequested,
    description:
      'Starts a scan of LIBRARY_DIRS on a worker, instead of waiting up to ten minutes for the next. Only changed files are read.',
    errors: {
      types: [LibraryNotConfiguredError, ForbiddenError],
      union: { name: 'ScanLibraryResult', description: 'The requested scan, or why it was rejected.' },
    },
    resolve: async (_root, _args, context) => {
      await requestScan(context, context.viewer);
      return libraryOf(context.env);
    },
  }),
);

interface Forgotten {
  library: Library;
  count: number;
}

const MissingFilesForgotten = builder.objectRef<Forgotten>('MissingFilesForgotten').implement({
  description: 'Files that were away are no longer in the library. A scan follows.',
  fields: (t) => ({
    forgottenCount: t.exposeInt('count', { description: 'Number of files that were forgotten.' }),
    library: t.expose('library', { type: LibraryType, description: 'The library without these files.' }),
  }),
});

builder.mutationField('forgetMissingFiles', (t) =>
  t.field({
    authScopes: { ADMIN: true },
    type: MissingFilesForgotten,
    description:
      'Forgets the files of the library that are away (`missingFileCount`), instead of waiting LIBRARY_FORGET_DAYS for their disk. Nothing is deleted on disk.',
    errors: {
      types: [LibraryNotConfiguredError, ForbiddenError],
      union: { name: 'ForgetMissingFilesResult', description: 'What was forgotten, or why nothing was.' },
    },
    resolve: async (_root, _args, context) => {
      const count = await forgetMissingFiles(context, context.viewer);
      return { count, library: libraryOf(context.env) };
    },
  }),
);
