import { systemCodeOf } from '../lib/errors.js';
import {
  FfmpegMissingError,
  type MediaError,
  OutputDiskFullError,
  OutputNotWritableError,
  TranscodeFailedError,
} from './errors.js';
import type { FfmpegRunError } from './ffmpeg.js';

export const DISK_FULL_PATTERN = /No space left on device|Disk quota exceeded/;
const NOT_WRITABLE_PATTERN = /Read-only file system|Permission denied/;
const KEPT_LINES = 12;
const MAX_LINE_LENGTH = 300;

/** What a failed run means to us: told from what ffmpeg said, as its exit status says nothing. */
export function toMediaError(error: FfmpegRunError): MediaError {
  const cause = { cause: error };
  const systemCode = systemCodeOf(error.cause);
  if (systemCode === 'ENOENT' || systemCode === 'EACCES') {
    return new FfmpegMissingError('ffmpeg cannot be started any more.', cause);
  }
  if (DISK_FULL_PATTERN.test(error.stderr)) return new OutputDiskFullError(cause);
  if (NOT_WRITABLE_PATTERN.test(error.stderr)) return new OutputNotWritableError(cause);
  const lines = lastLinesOf(error.stderr);
  // The first complaint is the cause, those after it follow from it.
  const reason = lines[0] ?? withoutPaths(error.message);
  return new TranscodeFailedError(`The audio could not be converted: ${reason}`, lines, cause);
}

/** The last things said, without progress lines and paths. */
export function lastLinesOf(stderr: string): string[] {
  return stderr
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '' && !/^size=.*time=/.test(line))
    .slice(-KEPT_LINES)
    .map((line) => withoutPaths(line).slice(0, MAX_LINE_LENGTH));
}

/** Without ffmpeg's mark of who says it, too. Paths may hold spaces: one is taken to go on to the colon that ffmpeg puts after it, or to the line's end. */
function withoutPaths(line: string): string {
  return line
    .replace(/^\[[^\]]* @ 0x[0-9a-f]+\] /, '')
    .replace(/(file:|(?<![\w/]))(\/|[A-Za-z]:\\)[^:'"\n]*/g, '…')
    .trim();
}
