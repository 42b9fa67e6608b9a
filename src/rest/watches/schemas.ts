import { z } from 'zod';
import { count, seconds } from '../response-schemas.js';

const warning = z.string().optional().meta({
  description:
    'Says that watching is turned off, while it is: watches can be changed, but nothing is checked.',
});

const common = {
  spotify_id: z.string().meta({ description: 'Id in the catalog, whichever that is.' }),
  name: z.string(),
  link: z.string().meta({ description: 'Its page at the catalog; empty if it has none.' }),
  last_checked: seconds.nullable().meta({ description: 'Unix seconds; null before the first check.' }),
  next_check: seconds.meta({ description: 'Unix seconds when the next check is due.' }),
  last_error: z.string().nullable().meta({ description: 'Why the last check failed; null if it did not.' }),
  added_at: seconds.meta({ description: 'Unix seconds when it was added.' }),
  is_active: z.boolean().meta({ description: 'False while it is paused, or after it has expired.' }),
};

export const playlistRowSchema = z
  .object({
    ...common,
    owner_id: z.string().nullable(),
    owner_name: z.string(),
    total_tracks: count,
    snapshot_id: z.string().nullable().meta({ description: 'Changes when the playlist does.' }),
  })
  .meta({ id: 'WatchedPlaylist', description: 'A playlist on the watch list.' });

export const artistRowSchema = z
  .object({
    ...common,
    total_albums_on_spotify: count.meta({ description: 'Albums of the followed types in the catalog.' }),
    genres: z.array(z.string()),
    popularity: z.literal(0),
    image_url: z.string().nullable(),
    album_types: z.array(z.enum(['album', 'single', 'compilation', 'appears_on'])),
  })
  .meta({ id: 'WatchedArtist', description: 'An artist on the watch list.' });

const statusOf = <Row extends z.ZodType>(key: string, row: Row) =>
  z.object({ is_watched: z.boolean(), [key]: row.optional(), warning });

export const playlistStatusSchema = statusOf('playlist_data', playlistRowSchema).meta({
  id: 'PlaylistWatchStatus',
  description: 'Whether a playlist is watched, and its row of the watch list if so.',
});

export const artistStatusSchema = statusOf('artist_data', artistRowSchema).meta({
  id: 'ArtistWatchStatus',
  description: 'Whether an artist is watched, and their row of the watch list if so.',
});

export const watchedPlaylistsSchema = z.array(playlistRowSchema);
export const watchedArtistsSchema = z.array(artistRowSchema);

export const watchMessageSchema = z
  .object({ message: z.string(), warning })
  .meta({ id: 'WatchMessage', description: 'What was done about the watch list.' });

export const markedSchema = z
  .object({ message: z.string(), processed_count: count, warning })
  .meta({ id: 'MarkedMembers', description: 'How many tracks or albums were marked.' });

export const checksSchema = z
  .object({ message: z.string(), task_ids: z.array(z.uuid()) })
  .meta({ id: 'QueuedChecks', description: 'The tasks that check the watch list.' });
