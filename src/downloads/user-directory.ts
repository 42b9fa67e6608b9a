import { cleanPathPart } from '../lib/filenames.js';

/** The directory of a user's own, below the download directory; none where all share one. */
export function userDirectories(userDirectory: string | null): string[] {
  return userDirectory === null ? [] : [cleanPathPart(userDirectory)];
}
