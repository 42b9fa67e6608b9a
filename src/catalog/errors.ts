import { DomainError } from '../lib/errors.js';

export class CatalogItemNotFoundError extends DomainError {
  readonly code = 'CATALOG_ITEM_NOT_FOUND';
}

/** The catalogue told us to wait. */
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

/** The catalogue did not answer, or not with what it promises. */
export class UpstreamFailedError extends DomainError {
  readonly code = 'UPSTREAM_FAILED';
  override readonly retryable = true;
}
