/** One line of a playlist. */
export interface PlaylistEntry {
  title: string;
  artists: readonly string[];
  durationMs: number | null;
  /** From the directory of the playlist to the file, with `/` on every system. */
  path: string;
}

/** The comment by which we know again what we wrote for this playlist. */
export function playlistMark(itemId: string): string {
  return `#REPRISE-PLAYLIST:${oneLine(itemId)}`;
}

/** An extended M3U in UTF-8. */
export function formatPlaylist({
  title,
  itemId,
  entries,
}: {
  title: string;
  itemId: string;
  entries: readonly PlaylistEntry[];
}): string {
  const lines = entries.flatMap(({ path, durationMs, ...entry }) => [
    `#EXTINF:${durationMs === null ? -1 : Math.round(durationMs / 1000)},${oneLine(nameOf(entry))}`,
    path,
  ]);
  return ['#EXTM3U', playlistMark(itemId), `#PLAYLIST:${oneLine(title)}`, ...lines, ''].join('\n');
}

function nameOf({ artists, title }: Pick<PlaylistEntry, 'artists' | 'title'>): string {
  return artists.length > 0 ? `${artists.join(', ')} - ${title}` : title;
}

/** A title with a line break in it could add an entry of its own. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}
