import { DomainError } from '../lib/errors.js';

/** A file of the library is not what the last scan saw, or is out of bounds. The next scan mends the index. */
export class LibraryFileError extends DomainError {
  readonly code = 'SOURCE_FAILED';
  override readonly retryable = true;
}
