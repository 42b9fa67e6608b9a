import { DomainError } from '../lib/errors.js';

export class CatalogItemNotFoundError extends DomainError {
  readonly code = 'CATALOG_ITEM_NOT_FOUND';
}

/** What was asked for cannot be an item of any catalogue here; no catalogue was asked. */
export class InvalidItemError extends DomainError {
  readonly code = 'INVALID_INPUT';
}
