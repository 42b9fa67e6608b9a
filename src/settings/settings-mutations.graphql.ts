import { builder } from '../graphql/builder.js';
import { ForbiddenError } from '../lib/errors.js';
import { AlbumGroupEnum } from '../catalog/item-types.graphql.js';
import { AudioFormatEnum } from './audio-format.graphql.js';
import {
  checkDownloadSettings,
  checkWatchSettings,
  readDownloadSettings,
  updateDownloadSettings,
  updateWatchSettings,
  type VersionOf,
} from './change-settings.js';
import { InvalidSettingsError, type SettingsProblem } from './errors.js';
import { findSettingsWarnings } from './settings-warnings.js';
import {
  DeezerQualityEnum,
  SETTING_DESCRIPTIONS,
  SettingsProblemType,
  SettingsType,
  SpotifyQualityEnum,
} from './settings.graphql.js';
import type { Settings } from './settings.js';
import { WATCH_SETTING_DESCRIPTIONS, WatchSettingsType } from './watch-settings.graphql.js';
import type { WatchSettings } from './watch-settings.js';

const about = (name: keyof Settings) => ({ description: SETTING_DESCRIPTIONS[name] });
const aboutWatch = (name: keyof WatchSettings) => ({ description: WATCH_SETTING_DESCRIPTIONS[name] });

const SettingsInput = builder.inputType('SettingsInput', {
  description:
    'What is to change; what is absent stays. `null` is a value for `bitrateKbps` and `padNumberWidth`, and changes nothing elsewhere.',
  fields: (t) => ({
    service: t.string(about('service')),
    fallback: t.boolean(about('fallback')),
    spotify: t.string(about('spotify')),
    deezer: t.string(about('deezer')),
    spotifyQuality: t.field({ type: SpotifyQualityEnum, ...about('spotifyQuality') }),
    deezerQuality: t.field({ type: DeezerQualityEnum, ...about('deezerQuality') }),
    recursiveQuality: t.boolean(about('recursiveQuality')),
    realTime: t.boolean(about('realTime')),
    realTimeMultiplier: t.float(about('realTimeMultiplier')),
    maxConcurrentDownloads: t.int(about('maxConcurrentDownloads')),
    maxRetries: t.int(about('maxRetries')),
    retryDelaySeconds: t.float(about('retryDelaySeconds')),
    retryDelayIncrease: t.float(about('retryDelayIncrease')),
    convertTo: t.field({ type: AudioFormatEnum, ...about('convertTo') }),
    bitrateKbps: t.int(about('bitrateKbps')),
    customDirFormat: t.string(about('customDirFormat')),
    customTrackFormat: t.string(about('customTrackFormat')),
    tracknumPadding: t.boolean(about('tracknumPadding')),
    padNumberWidth: t.int(about('padNumberWidth')),
    saveCover: t.boolean(about('saveCover')),
    artistSeparator: t.string(about('artistSeparator')),
    spotifyMetadata: t.boolean(about('spotifyMetadata')),
    separateTracksByUser: t.boolean(about('separateTracksByUser')),
    downloadPath: t.string(about('downloadPath')),
  }),
});

const WatchSettingsInput = builder.inputType('WatchSettingsInput', {
  description: 'What is to change; what is absent or `null` stays.',
  fields: (t) => ({
    enabled: t.boolean(aboutWatch('enabled')),
    watchPollIntervalSeconds: t.int(aboutWatch('watchPollIntervalSeconds')),
    maxItemsPerRun: t.int(aboutWatch('maxItemsPerRun')),
    maxConcurrentChecks: t.int(aboutWatch('maxConcurrentChecks')),
    retryFailedAfterSeconds: t.int(aboutWatch('retryFailedAfterSeconds')),
    watchedArtistAlbumGroup: t.field({ type: [AlbumGroupEnum], ...aboutWatch('watchedArtistAlbumGroup') }),
    delayBetweenPlaylistsSeconds: t.int(aboutWatch('delayBetweenPlaylistsSeconds')),
    delayBetweenArtistsSeconds: t.int(aboutWatch('delayBetweenArtistsSeconds')),
    useSnapshotIdChecking: t.boolean(aboutWatch('useSnapshotIdChecking')),
  }),
});

/** What is given, without what is absent. */
function given<Values extends object>(input: { [Name in keyof Values]?: Values[Name] | null | undefined }) {
  const entries = Object.entries(input).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as Partial<Values>;
}

function toSettingsPatch({
  padNumberWidth,
  bitrateKbps,
  ...input
}: typeof SettingsInput.$inferInput): Partial<Settings> {
  return {
    ...given<Omit<Settings, 'padNumberWidth' | 'bitrateKbps'>>(input),
    ...(padNumberWidth === undefined ? {} : { padNumberWidth: padNumberWidth ?? 'auto' }),
    ...(bitrateKbps === undefined ? {} : { bitrateKbps }),
  };
}

const payload = <Values>(
  name: string,
  { type, description }: { type: typeof SettingsType | typeof WatchSettingsType; description: string },
) =>
  builder.objectRef<VersionOf<Values>>(name).implement({
    description,
    fields: (t) => ({
      settings: t.field({
        type,
        description: 'The settings in force now.',
        resolve: (settings) => settings as never,
      }),
    }),
  });

builder.mutationFields((t) => ({
  updateSettings: t.field({
    type: payload<Settings>('SettingsUpdated', {
      type: SettingsType,
      description: 'The settings were changed.',
    }),
    description: 'Changes settings, for all processes at once. For admins.',
    args: { input: t.arg({ type: SettingsInput, required: true, description: 'What is to change.' }) },
    errors: {
      types: [InvalidSettingsError, ForbiddenError],
      union: { name: 'UpdateSettingsResult', description: 'What came of it.' },
    },
    resolve: (_root, { input }, context) =>
      updateDownloadSettings(context, context.viewer, toSettingsPatch(input)),
  }),
  updateWatchSettings: t.field({
    type: payload<WatchSettings>('WatchSettingsUpdated', {
      type: WatchSettingsType,
      description: 'The settings of watches were changed.',
    }),
    description: 'Changes settings of watches, for all processes at once. For admins.',
    args: { input: t.arg({ type: WatchSettingsInput, required: true, description: 'What is to change.' }) },
    errors: {
      types: [InvalidSettingsError, ForbiddenError],
      union: { name: 'UpdateWatchSettingsResult', description: 'What came of it.' },
    },
    resolve: (_root, { input }, context) =>
      updateWatchSettings(context, context.viewer, given<WatchSettings>(input)),
  }),
}));

interface Check {
  problems: SettingsProblem[];
  warnings: string[];
}

const SettingsCheckType = builder.objectRef<Check>('SettingsCheck').implement({
  description: 'What there is to say about settings.',
  fields: (t) => ({
    valid: t.boolean({
      description: 'Whether they make sense as a whole.',
      resolve: ({ problems }) => problems.length === 0,
    }),
    problems: t.field({
      type: [SettingsProblemType],
      description: 'What is wrong; settings that have any are not stored.',
      resolve: ({ problems }) => problems,
    }),
    warnings: t.exposeStringList('warnings', {
      description: 'What is allowed and will still not work as it stands.',
    }),
  }),
});

builder.queryFields((t) => ({
  checkSettings: t.field({
    type: SettingsCheckType,
    description:
      'Looks whether the settings in force make sense here: catalogue, formats, download directory. For admins.',
    resolve: async (_root, _args, context) => {
      const { values } = await readDownloadSettings(context);
      return {
        problems: await checkDownloadSettings(context, context.viewer, {}),
        warnings: await findSettingsWarnings(context, values),
      };
    },
  }),
  validateSettings: t.field({
    type: SettingsCheckType,
    description: 'What would be wrong if settings were changed so. Changes nothing. For admins.',
    args: { input: t.arg({ type: SettingsInput, required: true, description: 'What would change.' }) },
    resolve: async (_root, { input }, context) => ({
      problems: await checkDownloadSettings(context, context.viewer, toSettingsPatch(input)),
      warnings: [],
    }),
  }),
  validateWatchSettings: t.field({
    type: SettingsCheckType,
    description: 'What would be wrong if settings of watches were changed so. Changes nothing. For admins.',
    args: { input: t.arg({ type: WatchSettingsInput, required: true, description: 'What would change.' }) },
    resolve: async (_root, { input }, context) => ({
      problems: await checkWatchSettings(context, context.viewer, given<WatchSettings>(input)),
      warnings: [],
    }),
  }),
}));
