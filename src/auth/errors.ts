import { DomainError } from '../lib/errors.js';

/** The caller is known and may not do this. */
export class ForbiddenError extends DomainError {
  readonly code = 'FORBIDDEN';
}
