import { DomainError } from '../lib/errors.js';

/** Whatever goes wrong with audio. */
export abstract class MediaError extends DomainError {}

/** There is no ffmpeg or ffprobe that runs. */
export class FfmpegMissingError extends MediaError {
  readonly code = 'FFMPEG_MISSING';
}

/** ffmpeg gave up, or took longer than it may. */
export class TranscodeFailedError extends MediaError {
  readonly code = 'TRANSCODE_FAILED';

  /** @param lastLines the end of what ffmpeg said, without paths; for the log and for those who look closer */
  constructor(
    message: string,
    readonly lastLines: string[] = [],
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The file is not audio: unreadable, without an audio stream, or of no length. */
export class InvalidAudioError extends MediaError {
  readonly code = 'SOURCE_INVALID_AUDIO';
  override readonly retryable = true;
}

/** This ffmpeg has no encoder for the format. */
export class FormatUnavailableError extends MediaError {
  readonly code = 'FORMAT_UNAVAILABLE';
}

/** The disk filled up while the file was written. */
export class OutputDiskFullError extends MediaError {
  readonly code = 'DISK_FULL';

  constructor(options?: { cause?: unknown }) {
    super('The disk is full.', options);
  }
}

/** The file may not be written where it should go. */
export class OutputNotWritableError extends MediaError {
  readonly code = 'TARGET_NOT_WRITABLE';

  constructor(options?: { cause?: unknown }) {
    super('The folder for the file cannot be written to.', options);
  }
}
