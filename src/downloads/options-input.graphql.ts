import type { z } from 'zod';
import { providedValues, tableInput } from '../settings/table-fields.graphql.js';
import { CHOSEN_OPTION_ROWS, type chosenOptions } from '../tasks/download-options.js';
import type { OptionsInput } from './resolve-options.js';

export const DownloadOptionsInput = tableInput('DownloadOptionsInput', {
  description:
    'Format of a download, its file names, and how it is fetched. An option that is omitted or `null` follows the settings; only for `padNumberWidth` is `null` a value.',
  rows: CHOSEN_OPTION_ROWS,
});

export function toOptionsInput(
  input: typeof DownloadOptionsInput.$inferInput | null | undefined,
): OptionsInput {
  return providedValues<z.infer<typeof chosenOptions>>(CHOSEN_OPTION_ROWS, input ?? {});
}
