import { delimiter } from 'node:path';
import type { z } from 'zod';
import {
  directoriesOrMissing,
  onOff,
  positiveNumber,
  variableFacts,
  type Provided,
} from './lib/env-values.js';

export const LIBRARY_VARIABLES = {
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
  libraryDirs: string[];
  libraryForgetDays: number;
  libraryVerify: boolean;
}

export function toLibraryEnv(parsed: {
  [Name in keyof typeof LIBRARY_VARIABLES]: z.infer<(typeof LIBRARY_VARIABLES)[Name]>;
}): LibraryEnv {
  return {
    libraryDirs: parsed.LIBRARY_DIRS,
    libraryForgetDays: parsed.LIBRARY_FORGET_DAYS,
    libraryVerify: parsed.LIBRARY_VERIFY,
  };
}

export function findLibraryConflicts(provided: Provided): string[] {
  if (provided['CATALOG'] !== 'library' || provided['LIBRARY_DIRS']) return [];
  return ['CATALOG: "library" requires LIBRARY_DIRS; set LIBRARY_DIRS, or CATALOG to deezer.'];
}
