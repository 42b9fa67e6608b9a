import { RestFailure, toFailure } from '../errors.js';
import type { Problem, SettingsCheck, SettingsValues, UpdateFailure, WatchValues } from './documents.js';
import type { RestSetting } from '../rest-setting.js';
import { REST_SETTINGS, REST_WATCH_SETTINGS } from './schemas.js';
import { restNameOf } from '../setting-names.js';

type Body = Record<string, unknown>;

interface ReadValues {
  /** What to change, by the names of GraphQL. */
  patch: Record<string, unknown>;
  problems: Problem[];
  /** Unknown keys. */
  ignored: string[];
}

/**
 * Clients send the whole object back, with several names for one value of which some are stale: the value that differs
 * from the stored one counts. Two that differ from it and from each other are a problem.
 */
export function readValues(
  settings: readonly RestSetting[],
  body: Body,
  { stored, silent }: { stored: Record<string, unknown>; silent: readonly string[] },
): ReadValues {
  const known = new Set([...settings.flatMap(({ keys }) => keys), ...silent]);
  const read: ReadValues = {
    patch: {},
    problems: [],
    ignored: Object.keys(body).filter((key) => !known.has(key)),
  };
  for (const setting of settings) readOne({ setting, body, stored: stored[setting.name] }, read);
  return read;
}

function readOne(
  { setting, body, stored }: { setting: RestSetting; body: Body; stored: unknown },
  into: ReadValues,
): void {
  const provided = setting.keys.filter((key) => body[key] !== undefined);
  const values = new Map(provided.map((key) => [key, setting.read(body[key])]));
  const invalid = provided.filter((key) => values.get(key) === undefined);
  into.problems.push(...invalid.map((field) => ({ field, message: setting.rule })));
  const changed = new Map([...values.values()].map((value) => [JSON.stringify(value), value]));
  changed.delete(JSON.stringify(stored));
  if (invalid.length > 0 || changed.size === 0) return;
  if (changed.size > 1) {
    const message = `${provided.join(' and ')} name the same setting but differ; provide one of them.`;
    into.problems.push({ field: provided[0] ?? setting.name, message });
    return;
  }
  into.patch[setting.name] = [...changed.values()][0];
}

/** Problems by the names that the client used. */
export function toClientProblems(
  settings: readonly RestSetting[],
  body: Body,
  problems: readonly Problem[],
): Problem[] {
  return problems.map(({ field, message }) => {
    const setting = settings.find(({ name }) => name === field);
    const keys = setting?.keys ?? [field];
    const key = keys.find((each) => body[each] !== undefined) ?? keys[0] ?? field;
    const rule = message.replace(`"${field}" `, '');
    return { field: key, message: setting?.reword?.(rule) ?? rule };
  });
}

export function serializeValues(settings: readonly RestSetting[], values: Record<string, unknown>): object {
  const entries = settings.flatMap(({ name, fields }) =>
    Object.entries(fields).map(([key, { write }]) => [key, write(values[name])] as const),
  );
  return Object.fromEntries(entries);
}

export function serializeSettings({ watch, explicitFilter, version, ...values }: SettingsValues): object {
  const own = serializeValues(REST_SETTINGS, values);
  return { ...own, explicitFilter, watch: serializeWatchSettings(watch), version };
}

export function serializeWatchSettings(values: WatchValues): object {
  return serializeValues(REST_WATCH_SETTINGS, values);
}

const toText = ({ field, message }: Problem) => `${field}: ${message}`;

export function toSettingsFailure(
  result: UpdateFailure,
  toClient: (problems: readonly Problem[]) => Problem[],
): RestFailure {
  return result.__typename === 'Forbidden' ? toFailure(result) : invalidSettings(toClient(result.problems));
}

export function invalidSettings(problems: readonly Problem[]): RestFailure {
  return new RestFailure(400, 'Configuration validation failed', { details: problems.map(toText) });
}

export function serializeValidation(problems: readonly Problem[]): object {
  const valid = problems.length === 0;
  return {
    valid,
    message: valid ? 'Configuration is valid' : 'Configuration validation failed',
    details: valid ? null : problems.map(toText),
  };
}

export function serializeCheck({ settings, catalogs, sources, checkSettings }: SettingsCheck): object {
  if ('code' in checkSettings) throw toFailure(checkSettings);
  const { valid, problems, warnings } = checkSettings;
  return {
    message: valid ? 'Configuration is valid' : 'Configuration is not valid',
    valid,
    config: serializeSettings(settings),
    warnings: [
      ...toClientProblems(REST_SETTINGS, {}, problems).map(toText),
      ...warnings.map((warning) => warning.replace(/^\w+/, restNameOf)),
    ],
    catalogs: catalogs.map(serializeProvider),
    sources: sources.map(serializeProvider),
  };
}

function serializeProvider(provider: SettingsCheck['catalogs'][number]): object {
  const { name, enabled, setup } = provider;
  return {
    name,
    enabled,
    state: provider.state.toLowerCase(),
    account: provider.account.toLowerCase(),
    setup,
    limited_until: provider.limitedUntil,
    last_success_at: provider.lastSuccessAt,
    last_error_at: provider.lastErrorAt,
    last_error: provider.lastError,
  };
}
