/** Settings and options that existing clients know by another name (rest-contract §4 and §7). */
const REST_NAMES: Readonly<Record<string, string>> = {
  catalog: 'service',
  askAllSources: 'fallback',
  spotifyAccount: 'spotify',
  deezerAccount: 'deezer',
  format: 'convertTo',
  padNumbers: 'tracknumPadding',
  acceptLowerQuality: 'recursiveQuality',
  tagsFromCatalog: 'spotifyMetadata',
  pageSize: 'maxItemsPerRun',
  watchedAlbumGroups: 'watchedArtistAlbumGroup',
  skipUnchangedPlaylists: 'useSnapshotIdChecking',
};

export function restNameOf(name: string): string {
  return Object.hasOwn(REST_NAMES, name) ? (REST_NAMES[name] ?? name) : name;
}

/** `max_retries` for `maxRetries`. */
export const inSnakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Renames what a text has in quotes, such as the error message of a task. */
export function withRestNames(text: string): string {
  return text.replace(/(?<=")\w+(?=")/g, restNameOf);
}
