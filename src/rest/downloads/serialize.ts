import { z } from 'zod';
import type {
  AlbumGroup,
  AudioFormat,
  DownloadOptionsInput,
  RestQueueArtistMutation,
  RestQueueResultFragment,
} from '../../generated/documents/graphql.js';
import { decimal, text, wholeNumber, word, yesOrNo } from '../input.js';
import { RestFailure, toFailure } from '../errors.js';
import { toDuplicateFailure } from '../tasks/serialize.js';
import { shownAs } from '../wire-form.js';
import { wireIdOf } from '../wire-id.js';

const FORMATS = ['MP3', 'AAC', 'OGG', 'OPUS', 'FLAC', 'WAV', 'ALAC', 'KEEP'] as const satisfies AudioFormat[];

/** Kilobits a second, as `320` or `320k`. */
const bitrate = shownAs(
  z
    .union([z.number(), z.string()])
    .transform((given): string | number => String(given).toLowerCase().replace(/k$/, ''))
    .pipe(wholeNumber({ min: 1, max: 10_000 })),
  { type: 'string', pattern: '^[0-9]{1,5}[kK]?$', description: 'Kilobits a second.' },
);

const GROUPS = ['ALBUM', 'SINGLE', 'COMPILATION', 'APPEARS_ON'] as const satisfies AlbumGroup[];
const groupsAllowed = `allowed are one or more of ${GROUPS.join(', ').toLowerCase()}, separated by commas`;

/** Groups of an artist's albums, as a text with commas or as a list. */
export const albumTypes = shownAs(
  z
    .union([z.string(), z.array(z.string())], { error: groupsAllowed })
    .transform((given) => (typeof given === 'string' ? given.split(',') : given))
    .transform((words) => words.map((word) => GROUPS.find((group) => group === word.trim().toUpperCase())))
    .refine((groups) => groups.length > 0 && !groups.includes(undefined), { error: groupsAllowed })
    .transform((groups) => groups.filter((group) => group !== undefined)),
  { type: 'string', pattern: '^[A-Za-z_]+(,[A-Za-z_]+)*$', description: `${groupsAllowed}.` },
);

/** Digits, or `auto` for as many as the list needs. */
const padNumberWidth = shownAs(
  z.union([wholeNumber({ min: 1, max: 10 }), word(['AUTO']).transform(() => 'auto' as const)], {
    error: 'allowed are whole numbers from 1 to 10, and auto',
  }),
  { type: 'string', pattern: '^([1-9]|10|auto)$', description: 'Digits of a padded number, or `auto`.' },
);

/** Settings that one download may have of its own, as clients name them; what makes sense is not decided here. */
export const optionsInput = {
  convertTo: word(FORMATS).optional(),
  bitrate: bitrate.optional(),
  real_time: yesOrNo().optional(),
  real_time_multiplier: decimal({ min: 0, max: 10 }).optional(),
  custom_dir_format: text().optional(),
  custom_track_format: z.string().optional(),
  tracknum_padding: yesOrNo().optional(),
  pad_number_width: padNumberWidth.optional(),
  save_cover: yesOrNo().optional(),
  artist_separator: z.string().optional(),
  recursive_quality: yesOrNo().optional(),
};

type WireOptions = z.infer<z.ZodObject<typeof optionsInput>>;

/** How the options that are refused further in are called here. */
const WIRE_NAMES: Record<string, keyof WireOptions> = {
  format: 'convertTo',
  bitrateKbps: 'bitrate',
  customDirFormat: 'custom_dir_format',
  customTrackFormat: 'custom_track_format',
  artistSeparator: 'artist_separator',
  realTimeMultiplier: 'real_time_multiplier',
};

export function toOptionsInput(wire: WireOptions): DownloadOptionsInput {
  return {
    format: wire.convertTo ?? null,
    bitrateKbps: wire.bitrate ?? null,
    realTime: wire.real_time ?? null,
    realTimeMultiplier: wire.real_time_multiplier ?? null,
    customDirFormat: wire.custom_dir_format ?? null,
    customTrackFormat: wire.custom_track_format ?? null,
    tracknumPadding: wire.tracknum_padding ?? null,
    ...toPadNumberWidth(wire.pad_number_width),
    saveCover: wire.save_cover ?? null,
    artistSeparator: wire.artist_separator ?? null,
    recursiveQuality: wire.recursive_quality ?? null,
  };
}

/** Where null is a value, what is absent is left out. */
function toPadNumberWidth(given: number | 'auto' | undefined): { padNumberWidth?: number | null } {
  if (given === undefined) return {};
  return { padNumberWidth: given === 'auto' ? null : given };
}

/** The 400 for an option that makes no sense, by the name that the client gave it. */
export function optionFailure({ field, message }: { field: string; message: string }): RestFailure {
  const name = WIRE_NAMES[field] ?? field;
  const problem = message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message;
  return new RestFailure(400, `${name}: ${problem}`, { details: { field: name } });
}

type QueueFailure = Exclude<RestQueueResultFragment, { __typename: 'DownloadQueued' }>;

export function toQueueFailure(result: QueueFailure): RestFailure {
  if (result.__typename === 'InvalidOptions') return optionFailure(result);
  return result.__typename === 'DuplicateDownload' ? toDuplicateFailure(result) : toFailure(result);
}

type QueueArtistResult = RestQueueArtistMutation['queueDownload'];
type QueuedAlbums = Extract<QueueArtistResult, { __typename: 'DownloadQueued' }>['parts'];

/** A repeated request is no conflict here: its albums are the existing ones (rest-contract §4). */
export function serializeQueuedArtist(result: QueueArtistResult, base: string): object {
  if (result.__typename === 'DownloadQueued') return serializeDiscography(result.task, result.parts, base);
  if (result.__typename !== 'DuplicateDownload') throw toQueueFailure(result);
  const { existingTask } = result;
  const duplicates = existingTask.children.edges.map(({ node }) => node.duplicateOf ?? node);
  return serializeDiscography(existingTask, { queued: [], duplicates }, base);
}

function serializeDiscography(
  task: { id: string },
  { queued, duplicates }: QueuedAlbums,
  base: string,
): object {
  return {
    status: 'complete',
    message: `Artist discography processing initiated. ${queued.length} albums queued.`,
    task_id: wireIdOf(task.id),
    queued_albums: queued.map(({ id }) => wireIdOf(id)),
    queued: queued.map((album) => serializeQueuedAlbum(album, base)),
    duplicate_albums: [...new Set(duplicates.map(({ id }) => wireIdOf(id)))],
  };
}

function serializeQueuedAlbum(task: QueuedAlbums['queued'][number], base: string): object {
  const { id: albumId, url } = task.item && 'id' in task.item ? task.item : { id: '', url: null };
  return {
    task_id: wireIdOf(task.id),
    name: task.title,
    artist: task.artists.join(', '),
    url: url ?? `${base}/album/download/${wireIdOf(albumId)}`,
  };
}
