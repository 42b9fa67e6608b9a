import { ALBUM_GROUPS } from '../catalog/catalog-item.js';
import type { SettingsProblem } from './errors.js';
import { problem, problemOfNumber } from './settings-rules.js';
import type { WatchSettings } from './watch-settings.js';

const MONTH_S = 2_592_000;
const HOUR_S = 3_600;

type NumericSetting = {
  [Name in keyof WatchSettings]: WatchSettings[Name] extends number ? Name : never;
}[keyof WatchSettings];

/** Everything that is wrong with the settings of watches. */
export function findWatchSettingsProblems(settings: WatchSettings): SettingsProblem[] {
  const range = (field: NumericSetting, min: number, max: number) =>
    problemOfNumber({ field, value: settings[field], min, max });
  return [
    range('watchPollIntervalSeconds', 60, MONTH_S),
    range('maxItemsPerRun', 1, 50),
    range('maxConcurrentChecks', 1, 20),
    range('retryFailedAfterSeconds', 0, MONTH_S),
    range('delayBetweenPlaylistsSeconds', 0, HOUR_S),
    range('delayBetweenArtistsSeconds', 0, HOUR_S),
    problemOfGroups(settings.watchedArtistAlbumGroup),
  ].filter((each) => each !== null);
}

function problemOfGroups(groups: readonly string[]): SettingsProblem | null {
  const known: readonly string[] = ALBUM_GROUPS;
  const fits = groups.length > 0 && groups.every((group) => known.includes(group));
  if (fits && new Set(groups).size === groups.length) return null;
  const allowed = ALBUM_GROUPS.map((group) => group.toLowerCase()).join(', ');
  return problem('watchedArtistAlbumGroup', `allowed are one or more of ${allowed}, each once.`);
}
