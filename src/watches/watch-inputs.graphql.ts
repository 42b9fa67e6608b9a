import { isDeepStrictEqual } from 'node:util';
import { albumGroup } from '../catalog/catalog-item.js';
import { ABOUT_REFERENCE } from '../catalog/item-types.graphql.js';
import {
  DownloadOptionsInput,
  NullableDownloadOption,
  toOptionsInput,
} from '../downloads/downloads.graphql.js';
import { builder, enumTypeOf } from '../graphql/builder.js';
import { withoutTrailingSlash } from '../settings/download-path.js';
import { MONTH_S } from '../settings/settings.js';
import { partialTableObject } from '../settings/table-fields.graphql.js';
import { CHOSEN_OPTION_ROWS } from '../tasks/download-options.js';
import {
  ABOUT_TEXTS,
  downloadOf,
  filterOf,
  LENGTH_RANGE,
  NO_FILTER,
  type WatchFilter,
} from './watch-options.js';
import type { WatchChange } from './watch-store.js';
import { WATCH_ID, WATCH_KIND, WatchKindEnum } from './watch-type.graphql.js';

const INTERVAL_RANGE = `From 60 to ${MONTH_S.toLocaleString('en-US')} seconds.`;

const aboutFilter = {
  titleIncludes: `Only items whose title has one of these texts; empty for all. ${ABOUT_TEXTS}`,
  titleExcludes: `No items whose title has one of these texts. ${ABOUT_TEXTS}`,
  minDurationSeconds: `Shortest track of a playlist, by its length in whole seconds; null for any. ${LENGTH_RANGE}`,
  maxDurationSeconds: `Longest track of a playlist, by its length in whole seconds; null for any. ${LENGTH_RANGE}`,
  skipExplicit:
    'Whether explicit tracks are left out although the server allows them; of an artist, those of each album.',
};

const WatchFilterInput = builder.inputType('WatchFilterInput', {
  description:
    'Which tracks of a playlist, or albums of an artist, are left out. It replaces the earlier filter as a whole: what is omitted or null does not filter.',
  fields: (t) => ({
    titleIncludes: t.stringList({ description: aboutFilter.titleIncludes }),
    titleExcludes: t.stringList({ description: aboutFilter.titleExcludes }),
    minDurationSeconds: t.int({ description: aboutFilter.minDurationSeconds }),
    maxDurationSeconds: t.int({ description: aboutFilter.maxDurationSeconds }),
    skipExplicit: t.boolean({ description: aboutFilter.skipExplicit }),
  }),
});

const WatchFilterType = builder.objectRef<WatchFilter>('WatchFilter').implement({
  description: 'Which tracks of the playlist, or albums of the artist, are left out.',
  fields: (t) => ({
    titleIncludes: t.exposeStringList('titleIncludes', { description: aboutFilter.titleIncludes }),
    titleExcludes: t.exposeStringList('titleExcludes', { description: aboutFilter.titleExcludes }),
    minDurationSeconds: t.exposeInt('minDurationSeconds', {
      nullable: true,
      description: aboutFilter.minDurationSeconds,
    }),
    maxDurationSeconds: t.exposeInt('maxDurationSeconds', {
      nullable: true,
      description: aboutFilter.maxDurationSeconds,
    }),
    skipExplicit: t.exposeBoolean('skipExplicit', { description: aboutFilter.skipExplicit }),
  }),
});

const WatchDownloadType = partialTableObject('WatchDownload', {
  description: 'Options of the downloads of a watch. Those that are null follow the settings.',
  rows: CHOSEN_OPTION_ROWS.filter(({ name }) => name !== 'albumGroups'),
  setToNull: NullableDownloadOption,
});

builder.prismaObjectFields('Watch', (t) => ({
  checkIntervalSeconds: t.exposeInt('checkIntervalSeconds', {
    nullable: true,
    description: 'Its own time between two checks; null for the setting `watchPollIntervalSeconds`.',
  }),
  downloadPath: t.exposeString('downloadPath', {
    nullable: true,
    description: 'Its own directory (folder) for files; null for the setting `downloadPath`.',
  }),
  download: t.field({
    type: WatchDownloadType,
    nullable: true,
    description: 'Own options of its downloads; null when they all follow the settings.',
    resolve: (watch) => {
      const chosen = Object.entries(downloadOf(watch)).filter(([, value]) => value !== null);
      return chosen.length > 0 ? new Map<string, unknown>(chosen) : null;
    },
  }),
  filter: t.field({
    type: WatchFilterType,
    nullable: true,
    description: 'What it leaves out; null when it leaves out nothing.',
    resolve: (watch) => {
      const filter = filterOf(watch);
      return isDeepStrictEqual(filter, NO_FILTER) ? null : filter;
    },
  }),
}));

/** Of both inputs. */
const optionFields = (t: OptionsBuilder) => ({
  downloadExisting: t.boolean({
    description: 'Whether to download what is in the list at the first check. At first: false.',
  }),
  downloadNew: t.boolean({
    description: 'Whether to download what comes to the list later. At first: true.',
  }),
  albumGroups: t.field({
    type: [enumTypeOf(albumGroup)],
    description:
      'For an artist, the kinds of albums to follow; null or empty for the setting `watchedAlbumGroups`.',
  }),
  expiresAt: t.field({
    type: 'DateTime',
    description: 'When checks end by themselves, a time in the future; null for never.',
  }),
  checkIntervalSeconds: t.int({
    description: `Time between two checks; null for the setting \`watchPollIntervalSeconds\`. ${INTERVAL_RANGE}`,
  }),
  download: t.field({
    type: DownloadOptionsInput,
    description:
      'Options of the downloads that are queued from now on, in place of all earlier ones; null to follow the settings. Without `albumGroups`, and `bitrateKbps` only with `format`.',
  }),
  downloadPath: t.string({
    description:
      'Directory (folder) for the files of this watch, an absolute path inside DOWNLOAD_DIR or one of DOWNLOAD_ROOTS; null for the setting `downloadPath`.',
  }),
  removeFiles: t.boolean({
    description:
      'Whether to move files of what leaves the list from now on to the trash, `.reprise-trash`. Only files that this watch downloaded, and that no other watch or download of yours uses. At first: false.',
  }),
  filter: t.field({
    type: WatchFilterInput,
    description: 'What to leave out, in place of the earlier filter; null to leave out nothing.',
  }),
});

export const WatchInput = builder.inputType('WatchInput', {
  description:
    'The playlist or artist to follow, and its options. Of one that is watched already, omitted options stay as they are.',
  fields: (t) => ({
    item: t.string({ required: true, description: `${ABOUT_REFERENCE} A playlist or an artist.` }),
    kind: t.field({
      type: WatchKindEnum,
      description:
        'Whether `item` is a playlist or an artist, where it does not say; omitted, both are tried.',
    }),
    ...optionFields(t),
  }),
});

export const UpdateWatchInput = builder.inputType('UpdateWatchInput', {
  description:
    'A watch and its new options. An omitted option stays as it is; null puts it back to the setting, or to none, and counts as omitted where there is neither, as for `paused`.',
  fields: (t) => ({
    id: t.id(WATCH_ID),
    kind: t.field(WATCH_KIND),
    paused: t.boolean({ description: 'True to pause the checks, false to resume them.' }),
    ...optionFields(t),
  }),
});

type OptionsBuilder = Parameters<Parameters<typeof builder.inputType>[1]['fields']>[0];

/** Null counts as omitted where an option cannot be null. */
export function toChange(input: Partial<typeof UpdateWatchInput.$inferInput>): WatchChange {
  const { paused, downloadExisting, downloadNew, removeFiles, albumGroups, download, filter } = input;
  const { expiresAt, checkIntervalSeconds, downloadPath } = input;
  return {
    ...(typeof paused === 'boolean' && { paused }),
    ...(typeof downloadExisting === 'boolean' && { downloadExisting }),
    ...(typeof downloadNew === 'boolean' && { downloadNew }),
    ...(typeof removeFiles === 'boolean' && { removeFiles }),
    ...(albumGroups !== undefined && { albumGroups: albumGroups ?? [] }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(checkIntervalSeconds !== undefined && { checkIntervalSeconds }),
    ...(download !== undefined && { download: toOptionsInput(download) }),
    ...(downloadPath !== undefined && { downloadPath: downloadPath && withoutTrailingSlash(downloadPath) }),
    ...(filter !== undefined && { filter: toFilter(filter ?? {}) }),
  };
}

function toFilter(input: typeof WatchFilterInput.$inferInput): WatchFilter {
  return {
    titleIncludes: input.titleIncludes ?? NO_FILTER.titleIncludes,
    titleExcludes: input.titleExcludes ?? NO_FILTER.titleExcludes,
    minDurationSeconds: input.minDurationSeconds ?? null,
    maxDurationSeconds: input.maxDurationSeconds ?? null,
    skipExplicit: input.skipExplicit ?? NO_FILTER.skipExplicit,
  };
}
