import { DomainError } from '../lib/errors.js';

export class CatalogItemNotFoundError extends DomainError {
  readonly code = 'CATALOG_ITEM_NOT_FOUND';
}

/** What sets up the catalogs that ids and links can name. */
export const CATALOG_SETUPS: ReadonlyMap<string, string> = new Map([
  ['deezer', 'it is off with CATALOG=demo; set CATALOG to deezer and start Reprise again'],
  ['library', 'set LIBRARY_DIRS to the folders with your music and start Reprise again'],
  ['subsonic', 'set SUBSONIC_URL to your own server and start Reprise again'],
  [
    'internet-archive',
    'set INTERNET_ARCHIVE_COLLECTIONS to the collections to search and start Reprise again',
  ],
  [
    'spotify',
    'enter the client id and secret of an app with the mutation setSpotifyApp or PUT /api/credentials/spotify_api_config',
  ],
  [
    'musicbrainz',
    'turn on the setting "musicBrainz", which lets Reprise look up what a link to MusicBrainz names',
  ],
]);

/** Sources that an owner can set up. */
export const SOURCE_SETUPS: ReadonlyMap<string, string> = new Map([
  ['library', 'set LIBRARY_DIRS to the folders with your music and start Reprise again'],
  ['subsonic', 'set SUBSONIC_URL to your own server and start Reprise again'],
  [
    'internet-archive',
    'set INTERNET_ARCHIVE_COLLECTIONS to the collections to search and start Reprise again',
  ],
]);

/** The id may be right: what is missing is its catalog. */
export class CatalogNotSetUpError extends CatalogItemNotFoundError {
  static isKnown(provider: string): boolean {
    return CATALOG_SETUPS.has(provider);
  }

  constructor(provider: string, available: readonly string[]) {
    super(
      `The catalog "${provider}" is not set up here: ${CATALOG_SETUPS.get(provider)}. Until then, use an item of: ${available.join(', ')}.`,
    );
  }
}

export class InvalidItemError extends DomainError {
  readonly code = 'INVALID_ITEM';
  override readonly queryCode = 'INVALID_INPUT';
}
