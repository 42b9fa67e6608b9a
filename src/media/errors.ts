import { describeFileLimit } from '../lib/disk-errors.js';
import { DomainError, systemCodeOf } from '../lib/errors.js';
import type { FfmpegRunError } from './ffmpeg.js';

export abstract class MediaError extends DomainError {}

export class FfmpegMissingError extends MediaError {
  readonly code = 'FFMPEG_MISSING';
}

export class TranscodeFailedError extends MediaError {
  readonly code = 'TRANSCODE_FAILED';

  constructor(
    message: string,
    readonly lastLines: string[] = [],
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

export class InvalidAudioError extends MediaError {
  readonly code = 'SOURCE_INVALID_AUDIO';
  override readonly retryable = true;
}

/** Part of the audio is missing or cannot be decoded. Another transfer may be whole, the owner's own file will not. */
export class DamagedAudioError extends MediaError {
  readonly code = 'SOURCE_DAMAGED';

  constructor(
    message: string,
    override readonly retryable: boolean = false,
  ) {
    super(message);
  }
}

/** The audio is fine, but its tags cannot be edited. */
export class UnwritableTagsError extends MediaError {
  readonly code = 'TRANSCODE_FAILED';
}

export class FormatUnavailableError extends MediaError {
  readonly code = 'FORMAT_UNAVAILABLE';
}

export class DiskFullError extends MediaError {
  readonly code = 'DISK_FULL';
}

export class TargetNotWritableError extends MediaError {
  readonly code = 'TARGET_NOT_WRITABLE';
}

/** The process may open no more files, and so start no program. */
export class FileLimitError extends MediaError {
  readonly code = 'TARGET_NOT_WRITABLE';
  override readonly retryable = true;
}

export class InvalidFileNameError extends MediaError {
  readonly code = 'INVALID_FILE_NAME';
}

/** Longer, or with a larger file, than the settings allow. */
export class TrackTooLargeError extends MediaError {
  readonly code = 'TRACK_TOO_LARGE';
}

export const DISK_FULL = 'The disk is full.';
export const NOT_WRITABLE = 'The folder for the file cannot be written to.';
export const DISK_FULL_PATTERN = /No space left on device|Disk quota exceeded/;
const NAME_PATTERN = /File name too long|Invalid or incomplete multibyte/;
const NOT_WRITABLE_PATTERN = /Read-only file system|Permission denied/;
const KEPT_LINES = 12;
const MAX_LINE_LENGTH = 300;

/** Judged by ffmpeg's stderr, because its exit status says nothing. */
export function toMediaError(error: FfmpegRunError): MediaError {
  const cause = { cause: error };
  const fileLimit = describeFileLimit(error.cause);
  if (fileLimit !== null) return new FileLimitError(fileLimit, cause);
  const systemCode = systemCodeOf(error.cause);
  if (systemCode === 'ENOENT' || systemCode === 'EACCES') {
    return new FfmpegMissingError('ffmpeg can no longer be started.', cause);
  }
  if (DISK_FULL_PATTERN.test(error.stderr)) return new DiskFullError(DISK_FULL, cause);
  if (NOT_WRITABLE_PATTERN.test(error.stderr)) return new TargetNotWritableError(NOT_WRITABLE, cause);
  if (NAME_PATTERN.test(error.stderr)) {
    return new InvalidFileNameError('The disk does not allow the path of the unfinished file.', cause);
  }
  const lines = lastLinesOf(error.stderr);
  const reason = lines[0] ?? withoutPaths(error.message);
  return new TranscodeFailedError(`The audio could not be converted: ${reason}`, lines, cause);
}

function lastLinesOf(stderr: string): string[] {
  return stderr
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '' && !/^size=.*time=/.test(line))
    .slice(-KEPT_LINES)
    .map((line) => withoutPaths(line).slice(0, MAX_LINE_LENGTH));
}

/** Paths may hold spaces: one ends at the colon that ffmpeg puts after it, or with the line. */
function withoutPaths(line: string): string {
  return line
    .replace(/^\[[^\]]* @ 0x[0-9a-f]+\] /, '')
    .replace(/(file:|(?<![\w/]))(\/|[A-Za-z]:\\)[^:'"\n]*/g, '…')
    .trim();
}
