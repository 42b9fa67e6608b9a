import type { WireSettingsFragment, WireWatchSettingsFragment } from '../../generated/documents/graphql.js';
import { RestFailure, toFailure, type UnionFailure } from '../errors.js';
import { writeValues, type Problem, type ReadValues } from './named-values.js';
import { WIRE_SETTINGS, WIRE_WATCH_SETTINGS } from './setting-names.js';

export function toWireSettings(settings: WireSettingsFragment): object {
  const { watch, explicitFilter, version, ...values } = settings;
  const own = writeValues(WIRE_SETTINGS, values);
  return { ...own, explicitFilter, watch: toWireWatchSettings(watch), version };
}

export function toWireWatchSettings(settings: WireWatchSettingsFragment): object {
  return writeValues(WIRE_WATCH_SETTINGS, { ...settings });
}

/** What of a body cannot be read is refused before anything is changed. */
export function readOrRefuse(read: ReadValues): ReadValues {
  if (read.problems.length > 0) throw validationFailure(read.problems);
  return read;
}

type Outcome =
  | { __typename: 'InvalidSettings'; code: UnionFailure['code']; message: string; problems: Problem[] }
  | { __typename: 'Forbidden'; code: UnionFailure['code']; message: string };

/** Why nothing was changed. */
export function settingsFailure(
  result: Outcome,
  named: (problems: readonly Problem[]) => Problem[],
): RestFailure {
  if (result.__typename === 'Forbidden') return toFailure(result);
  return validationFailure(named(result.problems));
}

function validationFailure(problems: readonly Problem[]): RestFailure {
  return new RestFailure(400, 'Configuration validation failed', { details: problems.map(toText) });
}

/** Whether settings would do. */
export function toValidation(problems: readonly Problem[]): object {
  const valid = problems.length === 0;
  return {
    valid,
    message: valid ? 'Configuration is valid' : 'Configuration validation failed',
    details: valid ? null : problems.map(toText),
  };
}

export function toText({ field, message }: Problem): string {
  return `${field}: ${message}`;
}
