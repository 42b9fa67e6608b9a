import { DomainError } from '../lib/errors.js';

export class CatalogItemNotFoundError extends DomainError {
  readonly code = 'CATALOG_ITEM_NOT_FOUND';
}

/** The input cannot be an item of any catalog here; thrown before a catalog is called. */
export class InvalidItemError extends DomainError {
  readonly code = 'INVALID_INPUT';
}
