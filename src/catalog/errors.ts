import { DomainError } from '../lib/errors.js';

export class CatalogItemNotFoundError extends DomainError {
  readonly code = 'CATALOG_ITEM_NOT_FOUND';
}

/** What sets up the catalogs that ids and links can name. */
const SETUPS = new Map([
  ['library', 'set LIBRARY_DIRS to the folders with your music and start Reprise again'],
  ['subsonic', 'set SUBSONIC_URL to your own server and start Reprise again'],
  ['spotify', 'this version of Reprise has no catalog for Spotify yet'],
  ['deezer', 'this version of Reprise has no catalog for Deezer yet'],
]);

/** The id may be right: what is missing is its catalog. */
export class CatalogNotSetUpError extends CatalogItemNotFoundError {
  static isKnown(provider: string): boolean {
    return SETUPS.has(provider);
  }

  constructor(provider: string, available: readonly string[]) {
    super(
      `The catalog "${provider}" is not set up here: ${SETUPS.get(provider)}. Until then, use an item of: ${available.join(', ')}.`,
    );
  }
}

export class InvalidItemError extends DomainError {
  readonly code = 'INVALID_ITEM';
  override readonly queryCode = 'INVALID_INPUT';
}
