import { AlbumGroupEnum } from '../config/album-group.graphql.js';
import { AudioFormatEnum, BITRATES_ALLOWED } from '../config/audio-format.graphql.js';
import { SETTING_DESCRIPTIONS as ABOUT } from '../config/settings.graphql.js';
import { builder } from '../graphql/builder.js';
import type { OptionsInput } from './resolve-options.js';

export const DownloadOptionsInput = builder.inputType('DownloadOptionsInput', {
  description: 'What comes out, and how it is fetched; what is absent follows the settings.',
  fields: (t) => ({
    format: t.field({ type: AudioFormatEnum, description: 'The format.' }),
    bitrateKbps: t.int({ description: `${BITRATES_ALLOWED}.` }),
    customDirFormat: t.string({ description: ABOUT.customDirFormat }),
    customTrackFormat: t.string({ description: ABOUT.customTrackFormat }),
    tracknumPadding: t.boolean({ description: ABOUT.tracknumPadding }),
    padNumberWidth: t.int({
      description: 'Digits of a padded number, 1 to 10; 0 for as many as the list needs, at least 2.',
    }),
    saveCover: t.boolean({ description: ABOUT.saveCover }),
    artistSeparator: t.string({ description: ABOUT.artistSeparator }),
    recursiveQuality: t.boolean({ description: ABOUT.recursiveQuality }),
    realTime: t.boolean({ description: ABOUT.realTime }),
    realTimeMultiplier: t.float({ description: ABOUT.realTimeMultiplier }),
    albumGroups: t.field({ type: [AlbumGroupEnum], description: 'Of an artist only: the albums to queue.' }),
  }),
});

/** Null already says that the setting is to be followed, and so 0 stands for `auto`. */
export function toOptionsInput(
  input: typeof DownloadOptionsInput.$inferInput | null | undefined,
): OptionsInput {
  const { padNumberWidth, ...rest } = input ?? {};
  return { ...rest, padNumberWidth: padNumberWidth === 0 ? 'auto' : padNumberWidth };
}
