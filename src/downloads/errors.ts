import { DomainError } from '../lib/errors.js';

/** A retry at once cannot help. */
export class NoSourceError extends DomainError {
  readonly code = 'NO_SOURCE';
}

/** Several sources did not supply a track. Code and retry are those of the one error that `main` is. */
export class SourcesFailedError extends DomainError {
  readonly code: DomainError['code'];
  override readonly retryable: boolean;
  override readonly retryAfterMs: number | null;

  constructor(main: DomainError, others: string) {
    super(`${main.message} Other sources: ${others}.`, { cause: main.cause });
    this.code = main.code;
    this.retryable = main.retryable;
    this.retryAfterMs = main.retryAfterMs;
  }
}

export class SourceStalledError extends DomainError {
  readonly code = 'SOURCE_STALLED';
  override readonly retryable = true;
}

export class SourceCutOffError extends DomainError {
  readonly code = 'SOURCE_CUT_OFF';
  override readonly retryable = true;
}

export class InvalidOptionsError extends DomainError {
  readonly code = 'INVALID_OPTIONS';

  constructor(
    message: string,
    readonly field: string,
  ) {
    super(message);
  }
}

export class ExplicitContentError extends DomainError {
  readonly code = 'EXPLICIT_CONTENT';

  constructor(title: string, by: 'server' | 'watch' = 'server') {
    super(`"${title}" is marked as explicit, and this ${by} does not download explicit tracks.`);
  }
}

export class QualityUnavailableError extends DomainError {
  readonly code = 'QUALITY_UNAVAILABLE';

  constructor(
    title: string,
    { required, found }: { required: string; found: { codec: string | null; bitrateKbps: number | null } },
  ) {
    const best = [found.codec, found.bitrateKbps && `${found.bitrateKbps} kbit/s`].filter(Boolean).join(', ');
    super(
      `The best available audio of "${title}" (${best}) is below ${required}, which the settings require. Turn on "acceptLowerQuality" to accept it.`,
    );
  }
}
