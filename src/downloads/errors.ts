import { DomainError } from '../lib/errors.js';
import type { QualityFloor } from './audio-quality.js';

/** No enabled source may supply this track; trying again at once changes nothing. */
export class NoSourceError extends DomainError {
  readonly code = 'NO_SOURCE';
}

/** The source sent nothing for too long. */
export class SourceStalledError extends DomainError {
  readonly code = 'SOURCE_STALLED';
  override readonly retryable = true;
}

/** The source ended before the audio did. */
export class SourceCutOffError extends DomainError {
  readonly code = 'SOURCE_CUT_OFF';
  override readonly retryable = true;
}

/** What the source sent is not the audio it promised. */
export class SourceInvalidAudioError extends DomainError {
  readonly code = 'SOURCE_INVALID_AUDIO';
  override readonly retryable = true;
}

/** The source could not be read. */
export class SourceFailedError extends DomainError {
  readonly code = 'SOURCE_FAILED';
  override readonly retryable = true;
}

export class DiskFullError extends DomainError {
  readonly code = 'DISK_FULL';
}

export class TargetNotWritableError extends DomainError {
  readonly code = 'TARGET_NOT_WRITABLE';
}

/** The output that was asked for makes no sense; nothing was queued. */
export class InvalidOptionsError extends DomainError {
  readonly code = 'INVALID_OPTIONS';

  constructor(
    message: string,
    /** The option in question. */
    readonly field: string,
  ) {
    super(message);
  }
}

/** The owner of this server wants no explicit tracks. */
export class ExplicitContentError extends DomainError {
  readonly code = 'EXPLICIT_CONTENT';

  constructor(title: string) {
    super(`"${title}" is marked as explicit, and this server leaves such tracks out.`);
  }
}

/** What the sources have of this track is not good enough for the settings. */
export class QualityUnavailableError extends DomainError {
  readonly code = 'QUALITY_UNAVAILABLE';

  constructor(
    title: string,
    { floor, found }: { floor: QualityFloor; found: { codec: string | null; bitrateKbps: number | null } },
  ) {
    const has = [found.codec, found.bitrateKbps && `${found.bitrateKbps} kbit/s`].filter(Boolean).join(', ');
    super(
      `The best there is of "${title}" (${has}) is less than ${floor.name}, which the settings ask for; recursiveQuality would take it all the same.`,
    );
  }
}
