import { z } from 'zod';
import { albumGroup } from '../../settings/settings.js';
import { albumTypes } from '../downloads/serialize.js';
import { documentedAs, itemId, yesOrNo } from '../input.js';
import {
  artistStatusSchema,
  playlistStatusSchema,
  watchedArtistsSchema,
  watchedPlaylistsSchema,
} from './schemas.js';
import type { WatchKind } from './serialize.js';

/** The words of one kind; the routes of both are alike. */
export interface Words {
  kind: WatchKind;
  /** In paths and messages. */
  name: 'playlist' | 'artist';
  /** In the paths of members. */
  members: 'tracks' | 'albums';
  /** In bodies. */
  ids: 'track_ids' | 'album_ids';
  /** Key of the row in a status. */
  data: 'playlist_data' | 'artist_data';
  status: z.ZodType;
  list: z.ZodType;
  example: { id: string; member: string; options: object };
}

export const PLAYLIST: Words = {
  ...{ kind: 'PLAYLIST', name: 'playlist', members: 'tracks', ids: 'track_ids', data: 'playlist_data' },
  ...{ status: playlistStatusSchema, list: watchedPlaylistsSchema },
  example: {
    id: 'demo:first-watch',
    member: 'demo:night-ferry-1-01',
    options: { watch_new_additions: true, download_existing: false },
  },
};

export const ARTIST: Words = {
  ...{ kind: 'ARTIST', name: 'artist', members: 'albums', ids: 'album_ids', data: 'artist_data' },
  ...{ status: artistStatusSchema, list: watchedArtistsSchema },
  example: {
    id: 'demo:saltglass-choir',
    member: 'demo:night-ferry',
    options: { watch_new_releases: true, album_types: ['album', 'single'] },
  },
};

const groupNames = albumGroup.options.map((group) => group.toLowerCase());
const eachOnce = z
  .unknown()
  .pipe(albumTypes)
  .refine((types) => new Set(types).size === types.length, { error: 'has a type twice; list each once' });
const albumTypeList = documentedAs(eachOnce, {
  type: 'array',
  items: { type: 'string', enum: groupNames },
  description: 'Types of albums to follow; a text with commas works too. If omitted, the setting of watches.',
});

const watchInput = (name: string) =>
  z.object({
    id: itemId(name),
    download_existing: yesOrNo()
      .optional()
      .describe('Whether to download what is in the list at the first check. In a body: false by default.'),
  });

export const playlistOptions = watchInput('playlist')
  .extend({
    watch_new_additions: yesOrNo()
      .optional()
      .describe('Whether to download tracks that come later. By default: true.'),
  })
  .describe('What to download of a watched playlist.');

export const artistOptions = watchInput('artist')
  .extend({
    watch_new_releases: yesOrNo()
      .optional()
      .describe('Whether to download albums that come later. By default: true.'),
    album_types: albumTypeList.optional(),
  })
  .describe('What to download of a watched artist.');
