import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { AudioFormatEnum, BITRATES_ALLOWED } from './audio-format.graphql.js';
import { readDownloadSettings, readWatchSettings, type VersionOf } from './change-settings.js';
import { InvalidSettingsError, type SettingsProblem } from './errors.js';
import { PLACEHOLDERS_ALLOWED } from './path-placeholders.js';
import { MAX_CONCURRENT_DOWNLOADS } from './settings-rules.js';
import type { DEEZER_QUALITIES, SPOTIFY_QUALITIES } from './settings.js';
import { type Settings } from './settings.js';
import { WatchSettingsType } from './watch-settings.graphql.js';

export const SpotifyQualityEnum = builder.enumType('SpotifyQuality', {
  description:
    'How good audio for a track of Spotify’s catalogue has to be; Spotify’s own audio is never used.',
  values: {
    NORMAL: { description: 'At least 96 kbit/s, or lossless.' },
    HIGH: { description: 'At least 160 kbit/s, or lossless.' },
    VERY_HIGH: { description: 'At least 320 kbit/s, or lossless.' },
  } satisfies Record<(typeof SPOTIFY_QUALITIES)[number], object>,
});

export const DeezerQualityEnum = builder.enumType('DeezerQuality', {
  description:
    'How good audio for a track of Deezer’s catalogue has to be; Deezer’s own streams are never used.',
  values: {
    MP3_128: { description: 'At least 128 kbit/s, or lossless.' },
    MP3_320: { description: 'At least 320 kbit/s, or lossless.' },
    FLAC: { description: 'Lossless.' },
  } satisfies Record<(typeof DEEZER_QUALITIES)[number], object>,
});

/** The same words where settings are read and where they are changed. */
export const SETTING_DESCRIPTIONS: Record<keyof Settings, string> = {
  service: 'The catalogue that searches and bare ids ask; until it is set up, the one of CATALOG.',
  fallback: 'Whether all sources are asked in order when the first ones lack a track.',
  spotify: 'The name of the Spotify account in use; empty for none.',
  deezer: 'The name of the Deezer account in use; empty for none.',
  spotifyQuality: 'The least quality of audio for tracks of Spotify’s catalogue.',
  deezerQuality: 'The least quality of audio for tracks of Deezer’s catalogue.',
  recursiveQuality: 'Whether the best that there is will do where no source has the quality asked for.',
  realTime: 'Whether a track is fetched no faster than it plays, times `realTimeMultiplier`.',
  realTimeMultiplier: '0 to 10; 0 counts as 1.',
  maxConcurrentDownloads: `Tracks at once over all workers, 1 to ${MAX_CONCURRENT_DOWNLOADS}. Takes effect at once and stops nothing that runs.`,
  maxRetries: 'Further tries after the first, 0 to 100.',
  retryDelaySeconds: 'Seconds before the first retry, 0 to 86,400.',
  retryDelayIncrease: 'Seconds added for each further retry, 0 to 86,400.',
  convertTo: 'What downloads are turned into.',
  bitrateKbps: `${BITRATES_ALLOWED}; null for the format’s usual quality.`,
  customDirFormat: `Directory below \`downloadPath\`; parts are separated by "/", placeholders are ${PLACEHOLDERS_ALLOWED}.`,
  customTrackFormat: 'File name without its extension, with the same placeholders.',
  tracknumPadding: 'Whether numbers in paths are padded with zeros.',
  padNumberWidth: 'Digits of a padded number, 1 to 10; null for as many as the list needs, at least 2.',
  saveCover:
    'Whether the cover also becomes a file beside the tracks, where folders are for one album (%album%).',
  artistSeparator: 'Between several artists, in tags that hold one text and in paths; 1 to 20 characters.',
  spotifyMetadata: 'Whether tags follow the catalogue; else those of the source’s file stay.',
  separateTracksByUser: 'Whether each user’s files are in a directory of their own.',
  downloadPath: 'Where files go: absolute, inside one of DOWNLOAD_ROOTS.',
};

const about = (name: keyof Settings) => ({ description: SETTING_DESCRIPTIONS[name] });

/** Fields read the settings' values; those beside them are asked for when they are wanted. */
export const SettingsType = builder.objectRef<VersionOf<Settings>>('Settings').implement({
  description: 'How Reprise downloads, for everyone who does not say otherwise.',
  fields: (t) => {
    const flag = (name: FlagName) => t.boolean({ ...about(name), resolve: ({ values }) => values[name] });
    const text = (name: TextName) => t.string({ ...about(name), resolve: ({ values }) => values[name] });
    const int = (name: NumberName) => t.int({ ...about(name), resolve: ({ values }) => values[name] });
    const float = (name: NumberName) => t.float({ ...about(name), resolve: ({ values }) => values[name] });
    return {
      version: t.exposeInt('version', { description: 'Changes with every change; 0 before the first.' }),
      service: text('service'),
      fallback: flag('fallback'),
      spotify: text('spotify'),
      deezer: text('deezer'),
      spotifyQuality: t.field({
        type: SpotifyQualityEnum,
        ...about('spotifyQuality'),
        resolve: ({ values }) => values.spotifyQuality,
      }),
      deezerQuality: t.field({
        type: DeezerQualityEnum,
        ...about('deezerQuality'),
        resolve: ({ values }) => values.deezerQuality,
      }),
      recursiveQuality: flag('recursiveQuality'),
      realTime: flag('realTime'),
      realTimeMultiplier: float('realTimeMultiplier'),
      maxConcurrentDownloads: int('maxConcurrentDownloads'),
      maxRetries: int('maxRetries'),
      retryDelaySeconds: float('retryDelaySeconds'),
      retryDelayIncrease: float('retryDelayIncrease'),
      convertTo: t.field({
        type: AudioFormatEnum,
        ...about('convertTo'),
        resolve: ({ values }) => values.convertTo,
      }),
      bitrateKbps: t.int({
        nullable: true,
        ...about('bitrateKbps'),
        resolve: ({ values }) => values.bitrateKbps,
      }),
      customDirFormat: text('customDirFormat'),
      customTrackFormat: text('customTrackFormat'),
      tracknumPadding: flag('tracknumPadding'),
      padNumberWidth: t.int({
        nullable: true,
        ...about('padNumberWidth'),
        resolve: ({ values: { padNumberWidth } }) => (padNumberWidth === 'auto' ? null : padNumberWidth),
      }),
      saveCover: flag('saveCover'),
      artistSeparator: text('artistSeparator'),
      spotifyMetadata: flag('spotifyMetadata'),
      separateTracksByUser: flag('separateTracksByUser'),
      downloadPath: text('downloadPath'),
    };
  },
});

builder.objectFields(SettingsType, (t) => ({
  explicitFilter: t.boolean({
    description: 'Whether explicit tracks are left out: EXPLICIT_FILTER of the environment.',
    resolve: (_settings, _args, { env }) => env.explicitFilter,
  }),
  watch: t.field({
    type: WatchSettingsType,
    description: 'How watched playlists and artists are looked at.',
    resolve: (_settings, _args, context) => readWatchSettings(context),
  }),
}));

type NamesOf<Type> = {
  [Name in keyof Settings]: [Settings[Name], Type] extends [Type, Settings[Name]] ? Name : never;
}[keyof Settings];
type FlagName = NamesOf<boolean>;
type TextName = NamesOf<string>;
type NumberName = NamesOf<number>;

export const SettingsProblemType = builder.objectRef<SettingsProblem>('SettingsProblem').implement({
  description: 'What is wrong with one setting.',
  fields: (t) => ({
    field: t.exposeString('field', { description: 'Which one.' }),
    message: t.exposeString('message', { description: 'What is wrong and what is allowed.' }),
  }),
});

builder.objectType(InvalidSettingsError, {
  name: 'InvalidSettings',
  description: 'The settings would make no sense; nothing was stored.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    problems: t.field({
      type: [SettingsProblemType],
      description: 'All that is wrong.',
      resolve: ({ problems }) => [...problems],
    }),
  }),
});

builder.queryField('settings', (t) =>
  t.field({
    type: SettingsType,
    description: 'The settings in force.',
    resolve: (_root, _args, context) => readDownloadSettings(context),
  }),
);
