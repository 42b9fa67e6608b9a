import { delimiter } from 'node:path';
import { z } from 'zod';
import {
  directoriesOrMissing,
  listOf,
  onOff,
  positiveNumber,
  variableFacts,
  type Provided,
} from './lib/env-values.js';

const CATALOGS = ['demo', 'deezer', 'spotify', 'library'] as const;

export const LIBRARY_VARIABLES = {
  CATALOG: z
    .enum(CATALOGS)
    .optional()
    .register(variableFacts, {
      kind: listOf(CATALOGS),
      default: null,
      description:
        'Catalog for searches and for ids without a provider; library needs LIBRARY_DIRS, spotify needs an app, and deezer is requested over the internet. By default deezer; installations from before that keep demo.',
    }),
  LIBRARY_DIRS: directoriesOrMissing.default([]).register(variableFacts, {
    kind: `directories, separated by "${delimiter}"`,
    default: null,
    description:
      'Directories with your own music. One that is missing is a problem of the library until it is there.',
  }),
  LIBRARY_FORGET_DAYS: positiveNumber.default(30).register(variableFacts, {
    kind: 'an integer from 1 to 99999',
    default: '30',
    description: 'Days after which files are forgotten whose disk or folder is away.',
  }),
  LIBRARY_VERIFY: onOff.default(true).register(variableFacts, {
    kind: 'true or false',
    default: 'true',
    description: 'Whether files of the library are decoded in the background, so that copying them is fast.',
  }),
};

export interface LibraryEnv {
  /** Null for the one that the installation was made with. */
  catalog: (typeof CATALOGS)[number] | null;
  libraryDirs: string[];
  libraryForgetDays: number;
  libraryVerify: boolean;
}

export function toLibraryEnv(parsed: z.infer<z.ZodObject<typeof LIBRARY_VARIABLES>>): LibraryEnv {
  return {
    catalog: parsed.CATALOG ?? null,
    libraryDirs: parsed.LIBRARY_DIRS,
    libraryForgetDays: parsed.LIBRARY_FORGET_DAYS,
    libraryVerify: parsed.LIBRARY_VERIFY,
  };
}

export function findLibraryConflicts(provided: Provided): string[] {
  if (provided['CATALOG'] !== 'library' || provided['LIBRARY_DIRS']) return [];
  return ['CATALOG: "library" requires LIBRARY_DIRS; set LIBRARY_DIRS, or CATALOG to deezer.'];
}
