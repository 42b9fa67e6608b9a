import { AlbumGroupEnum } from '../catalog/item-types.graphql.js';
import { AudioFormatEnum, BITRATES_ALLOWED } from '../settings/audio-format.graphql.js';
import { SETTING_DESCRIPTIONS as ABOUT } from '../settings/settings.graphql.js';
import { builder } from '../graphql/builder.js';
import type { OptionsInput } from './resolve-options.js';

export const DownloadOptionsInput = builder.inputType('DownloadOptionsInput', {
  description:
    'What comes out, and how it is fetched; what is absent, or null, follows the settings. Only for `padNumberWidth` is null a value.',
  fields: (t) => ({
    format: t.field({ type: AudioFormatEnum, description: 'The format.' }),
    bitrateKbps: t.int({ description: `${BITRATES_ALLOWED}.` }),
    customDirFormat: t.string({ description: ABOUT.customDirFormat }),
    customTrackFormat: t.string({ description: ABOUT.customTrackFormat }),
    tracknumPadding: t.boolean({ description: ABOUT.tracknumPadding }),
    padNumberWidth: t.int({ description: ABOUT.padNumberWidth }),
    saveCover: t.boolean({ description: ABOUT.saveCover }),
    artistSeparator: t.string({ description: ABOUT.artistSeparator }),
    recursiveQuality: t.boolean({ description: ABOUT.recursiveQuality }),
    realTime: t.boolean({ description: ABOUT.realTime }),
    realTimeMultiplier: t.float({ description: ABOUT.realTimeMultiplier }),
    albumGroups: t.field({ type: [AlbumGroupEnum], description: 'Of an artist only: the albums to queue.' }),
  }),
});

/** Null is `auto`, as it is in the settings. */
export function toOptionsInput(
  input: typeof DownloadOptionsInput.$inferInput | null | undefined,
): OptionsInput {
  const { padNumberWidth, ...rest } = input ?? {};
  return { ...rest, ...(padNumberWidth === undefined ? {} : { padNumberWidth: padNumberWidth ?? 'auto' }) };
}
