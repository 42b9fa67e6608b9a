import { DomainError } from '../lib/errors.js';

export class CatalogItemNotFoundError extends DomainError {
  readonly code = 'CATALOG_ITEM_NOT_FOUND';
}

export class InvalidItemError extends DomainError {
  readonly code = 'INVALID_ITEM';
  override readonly queryCode = 'INVALID_INPUT';
}
