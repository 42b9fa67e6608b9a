/** How an album belongs to an artist. */
export const ALBUM_GROUPS = ['ALBUM', 'SINGLE', 'COMPILATION', 'APPEARS_ON'] as const;
export type AlbumGroup = (typeof ALBUM_GROUPS)[number];
