import { z } from 'zod';
import type {
  DownloadOptionsInput,
  RestQueueArtistMutation,
  RestQueueResultFragment,
} from '../../generated/documents/graphql.js';
import { describeRow, wordsOf, type TableRow } from '../../settings/settings-table.js';
import { albumGroup, audioFormat } from '../../settings/settings.js';
import { CHOSEN_OPTION_ROWS } from '../../tasks/download-options.js';
import { allowedNumbers, decimal, documentedAs, text, wholeNumber, word, yesOrNo } from '../input.js';
import { RestFailure, toFailure } from '../errors.js';
import { toTableInput } from '../rest-setting.js';
import { inSnakeCase, restNameOf } from '../setting-names.js';
import { toDuplicateFailure } from '../tasks/serialize.js';
import { plainIdOf } from '../plain-id.js';
import { audioFormatSchema } from './schemas.js';

/** Kilobits a second, as `320` or `320k`. */
const bitrate = documentedAs(
  z
    .union([z.number(), z.string()])
    .transform((given): string | number => String(given).toLowerCase().replace(/k$/, ''))
    .pipe(wholeNumber({ min: 1, max: 10_000 })),
  { type: 'string', pattern: '^[0-9]{1,5}[kK]?$' },
);

const groups = albumGroup.options;
const groupsAllowed = `allowed are one or more of ${groups.join(', ').toLowerCase()}, separated by commas`;

/** Groups of an artist's albums, as a text with commas or as a list. */
export const albumTypes = documentedAs(
  z
    .union([z.string(), z.array(z.string())], { error: groupsAllowed })
    .transform((given) => (typeof given === 'string' ? given.split(',') : given))
    .transform((words) => words.map((each) => groups.find((group) => group === each.trim().toUpperCase())))
    .refine((found) => found.length > 0 && !found.includes(undefined), { error: groupsAllowed })
    .transform((found) => found.filter((group) => group !== undefined)),
  {
    type: 'string',
    pattern: '^[A-Za-z_]+(,[A-Za-z_]+)*$',
    description: `Kinds of albums to download: ${groupsAllowed}. If omitted, the setting of watches.`,
  },
);

interface RestOption {
  key: string;
  schema: z.ZodType;
  description: string;
  row: TableRow;
}

/** Where the REST API differs from the table: the names and forms of rest-contract §4. */
const DIFFERENCES: Record<string, Partial<RestOption>> = {
  format: { key: 'convertTo', schema: word(audioFormat.options, audioFormatSchema) },
  bitrateKbps: {
    key: 'bitrate',
    schema: bitrate,
    description: 'Kilobits per second of a lossy format, such as `320` or `320k`.',
  },
  // A query cannot tell an empty text from an omitted one.
  customDirFormat: { schema: text() },
};

/** By the names of the options. */
export function restOptions(rows: readonly TableRow[]): Map<string, RestOption> {
  return new Map(
    rows.map((row) => {
      const key = inSnakeCase(restNameOf(row.name));
      const option = { key, schema: schemaOf(row), description: describeRow(row), row };
      return [row.name, { ...option, ...DIFFERENCES[row.name] }];
    }),
  );
}

/** `album_type` is a parameter of one route only (routes.ts). */
export const REST_OPTIONS = restOptions(CHOSEN_OPTION_ROWS.filter(({ name }) => name !== 'albumGroups'));

function schemaOf(row: TableRow): z.ZodType {
  const { form } = row;
  switch (form.type) {
    case 'boolean':
      return yesOrNo();
    case 'enum':
      return word(wordsOf(form));
    case 'int':
    case 'float': {
      const range = form.range ?? {};
      const number = form.type === 'int' ? wholeNumber(range) : decimal(range);
      if (form.word === null) return number;
      // The word is null in GraphQL.
      const either = z.union([number, word([form.word.toUpperCase()]).transform(() => null)], {
        error: `${allowedNumbers('whole numbers', range)}, and ${form.word}`,
      });
      const pattern = `^([0-9]+|${form.word})$`;
      return documentedAs(either, { type: 'string', pattern });
    }
    case 'text':
    case 'list':
      return z.string();
  }
}

/** Query parameters and body keys of the options; the values are checked further in. */
export const optionsInput = Object.fromEntries(
  [...REST_OPTIONS.values()].map(({ key, schema, description }) => [
    key,
    schema.optional().describe(inRestNames(description)),
  ]),
);

/** `custom_dir_format` for `customDirFormat`. */
function inRestNames(description: string): string {
  return description.replace(/`(\w+)`/g, (found, name: string) => {
    const key = REST_OPTIONS.get(name)?.key;
    return key === undefined ? found : `\`${key}\``;
  });
}

export function toOptionsInput(provided: Record<string, unknown>): DownloadOptionsInput {
  const entries = [...REST_OPTIONS].flatMap(([name, { key }]) => {
    const value = provided[key];
    return value === undefined ? [] : [[name, value] as const];
  });
  return toTableInput(Object.fromEntries(entries));
}

/** The 400 for an invalid option, by the name that the client uses. */
function optionFailure({ field, message }: { field: string; message: string }): RestFailure {
  const key = REST_OPTIONS.get(field)?.key ?? field;
  return new RestFailure(400, `${key}: ${message.replace(`"${field}" `, '')}`, { details: { field: key } });
}

type QueueFailure = Exclude<RestQueueResultFragment, { __typename: 'DownloadQueued' }>;

export function toQueueFailure(result: QueueFailure): RestFailure {
  if (result.__typename === 'InvalidOptions' && result.field !== null) {
    return optionFailure({ field: result.field, message: result.message });
  }
  return result.__typename === 'DuplicateDownload' ? toDuplicateFailure(result) : toFailure(result);
}

type QueueArtistResult = RestQueueArtistMutation['queueDownload'];
type QueuedAlbums = Extract<QueueArtistResult, { __typename: 'DownloadQueued' }>['task']['queuedChildren'];

/** A repeated request is no conflict here: its albums are the existing ones (rest-contract §4). */
export function serializeQueuedArtist(result: QueueArtistResult, base: string): object {
  if (result.__typename === 'DownloadQueued') {
    return serializeDiscography(result.task, result.task.queuedChildren, base);
  }
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
    task_id: plainIdOf(task.id),
    queued_albums: queued.map(({ id }) => plainIdOf(id)),
    queued: queued.map((album) => serializeQueuedAlbum(album, base)),
    duplicate_albums: [...new Set(duplicates.map(({ id }) => plainIdOf(id)))],
  };
}

function serializeQueuedAlbum(task: QueuedAlbums['queued'][number], base: string): object {
  const { id: albumId, url } = task.item && 'id' in task.item ? task.item : { id: '', url: null };
  return {
    task_id: plainIdOf(task.id),
    name: task.title,
    artist: task.artists.join(', '),
    url: url ?? `${base}/album/download/${plainIdOf(albumId)}`,
  };
}
