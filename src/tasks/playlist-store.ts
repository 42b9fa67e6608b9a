import type { Db } from '../database/prisma.js';
import type { Task } from './task.js';

/** A part of a playlist that has a file. */
export type PlaylistPart = Pick<Task, 'title' | 'artists' | 'filePath' | 'fileDurationMs'>;

/** Playlists that have ended and whose m3u8 is still to be written, the longest waiting first. */
export function listUnwrittenPlaylists(db: Db, limit: number): Promise<Task[]> {
  return db.task.findMany({
    where: { kind: 'PLAYLIST', finishedAt: { not: null }, playlistFileAt: null },
    orderBy: { finishedAt: 'asc' },
    take: limit,
  });
}

/** In the playlist's order. */
export function listPartsWithFile(db: Db, playlistId: string): Promise<PlaylistPart[]> {
  return db.task.findMany({
    select: { title: true, artists: true, filePath: true, fileDurationMs: true },
    where: { parentId: playlistId, state: { in: ['COMPLETED', 'SKIPPED'] }, filePath: { not: null } },
    orderBy: { position: 'asc' },
  });
}

/** False when the playlist has not ended as it had: then what was written may be old. */
export async function markPlaylistWritten(
  db: Db,
  { id, finishedAt }: Task,
  playlistFile: string | null,
): Promise<boolean> {
  const { count } = await db.task.updateMany({
    where: { id, finishedAt },
    data: { playlistFileAt: new Date(), ...(playlistFile === null ? {} : { playlistFile }) },
  });
  return count === 1;
}
