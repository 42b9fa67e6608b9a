import { DomainError } from './errors.js';

/**
 * What any service that we ask may answer with. They are here, and not with a domain, because adapters throw them
 * and domains tell them apart, and neither may import the other's values.
 */

/** The service told us to wait. */
export class UpstreamLimitedError extends DomainError {
  readonly code = 'UPSTREAM_LIMITED';
  override readonly retryable = true;

  constructor(
    readonly provider: string,
    override readonly retryAfterMs: number,
  ) {
    super(`${provider} limits requests: try again in ${Math.ceil(retryAfterMs / 1000)} s.`);
  }
}

/** The service did not answer, or not with what it promises. */
export class UpstreamFailedError extends DomainError {
  readonly code = 'UPSTREAM_FAILED';
  override readonly retryable = true;
}
