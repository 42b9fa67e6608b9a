import { z } from 'zod';
import { toFailure } from '../errors.js';
import { preparedRoute, route, type AnyRoute, type RouteDocs } from '../route.js';
import {
  CHECK_SETTINGS,
  SETTINGS,
  UPDATE_SETTINGS,
  UPDATE_WATCH_SETTINGS,
  VALIDATE_SETTINGS,
  VALIDATE_WATCH_SETTINGS,
  type Problem,
  type SettingsValues,
  type UpdateDocument,
  type ValidateDocument,
  type WatchValues,
} from './documents.js';
import {
  changedSettingsSchema,
  changedWatchSettingsSchema,
  checkSchema,
  REST_SETTINGS,
  REST_WATCH_SETTINGS,
  settingsSchema,
  validationSchema,
  watchSettingsSchema,
} from './schemas.js';
import { toTableInput, type RestSetting } from '../rest-setting.js';
import {
  invalidSettings,
  readValues,
  serializeCheck,
  serializeSettings,
  serializeValidation,
  serializeWatchSettings,
  toClientProblems,
  toSettingsFailure,
} from './serialize.js';

/** Settings that have routes of their own. */
interface Section<Values extends Record<string, unknown>> {
  path: '/config' | '/config/watch';
  /** In summaries. */
  name: string;
  settings: readonly RestSetting[];
  /** Keys of a response that clients send back: neither changed nor reported as unknown. */
  silent: readonly string[];
  valuesOf(settings: SettingsValues): Values;
  serialize(values: Values): object;
  schema: z.ZodType;
  change: {
    document: UpdateDocument<Values>;
    schema: z.ZodType;
    /** Name of the body’s component. */
    body: string;
    /** What a response has before the settings. */
    head: object;
    example: RouteDocs['example'];
  };
  validate: { document: ValidateDocument; example: RouteDocs['example'] };
}

function changesOf(path: string) {
  return z.record(z.string(), z.unknown()).meta({
    description: `Any keys of \`GET ${path}\`, also in snake_case; omitted keys keep their value. Of two names for one value, the one that differs from the stored value counts.`,
  });
}

function docsOf<Values extends Record<string, unknown>>({ name, schema, change, validate }: Section<Values>) {
  return {
    show: {
      summary: `Show the ${name} in force.`,
      description: 'Everyone may read them: they hold no secrets.',
      response: schema,
      example: {},
    },
    change: {
      summary: `Change some of the ${name}. Requires the admin role.`,
      description:
        'If any value is invalid, nothing is changed, and `details` of the error lists the problems.',
      response: change.schema,
      example: change.example,
      errors: [403],
      body: change.body,
    },
    validate: {
      summary: `Check a change of the ${name} without making it. Requires the admin role.`,
      description: 'The values are checked together with the stored ones. The status is 200 either way.',
      response: validationSchema,
      example: validate.example,
      body: change.body,
    },
  };
}

/** The routes that every section has: show, change, validate. */
function settingsRoutes<Values extends Record<string, unknown>>(section: Section<Values>): AnyRoute[] {
  const { path, settings, silent, serialize, valuesOf } = section;
  const docs = docsOf(section);
  const body = changesOf(path);
  type Body = z.infer<typeof body>;
  const read = (input: Body, prior: { settings: SettingsValues }) =>
    readValues(settings, input, { stored: valuesOf(prior.settings), silent });
  const toClient = (input: Body) => (problems: readonly Problem[]) =>
    toClientProblems(settings, input, problems);

  const show = route({
    path,
    docs: docs.show,
    input: z.object({}),
    document: SETTINGS,
    variables: () => ({}),
    respond: (data) => serialize(valuesOf(data.settings)),
  });
  const change = preparedRoute({
    methods: ['PUT', 'POST'],
    path,
    docs: docs.change,
    input: body,
    prior: SETTINGS,
    document: section.change.document,
    variables: (input, prior) => {
      const { patch, problems } = read(input, prior);
      if (problems.length > 0) throw invalidSettings(problems);
      return { input: toTableInput(patch) };
    },
    respond: ({ result }, { input, prior }) => {
      if (!('settings' in result)) throw toSettingsFailure(result, toClient(input));
      const { ignored } = read(input, prior);
      const tail = ignored.length > 0 && { ignored_keys: ignored };
      return { ...section.change.head, ...serialize(result.settings), ...tail };
    },
  });
  const validate = preparedRoute({
    methods: ['POST'],
    path: `${path}/validate`,
    docs: docs.validate,
    input: body,
    prior: SETTINGS,
    document: section.validate.document,
    variables: (input, prior) => ({ input: toTableInput(read(input, prior).patch) }),
    respond: ({ check }, { input, prior }) => {
      if ('code' in check) throw toFailure(check);
      return serializeValidation([...read(input, prior).problems, ...toClient(input)(check.problems)]);
    },
  });
  return [show, change, validate];
}

const DOWNLOADS: Section<SettingsValues> = {
  path: '/config',
  name: 'settings',
  settings: REST_SETTINGS,
  silent: ['version', 'watch', 'explicitFilter', 'explicit_filter', 'ignored_keys'],
  valuesOf: (settings) => settings,
  serialize: serializeSettings,
  schema: settingsSchema,
  change: {
    document: UPDATE_SETTINGS,
    schema: changedSettingsSchema,
    body: 'SettingsChange',
    head: {},
    example: { maxConcurrentDownloads: 4, fileFormat: 'mp3', bitrate: '320k' },
  },
  validate: { document: VALIDATE_SETTINGS, example: { convertTo: 'FLAC', bitrate: '320k' } },
};

const WATCHES: Section<WatchValues> = {
  path: '/config/watch',
  name: 'settings of watches',
  settings: REST_WATCH_SETTINGS,
  silent: ['version', 'message', 'ignored_keys'],
  valuesOf: ({ watch }) => watch,
  serialize: serializeWatchSettings,
  schema: watchSettingsSchema,
  change: {
    document: UPDATE_WATCH_SETTINGS,
    schema: changedWatchSettingsSchema,
    body: 'WatchSettingsChange',
    head: { message: 'Watch configuration updated' },
    example: { enabled: true, check_interval: 3_600, retry_failed_after: 1_800 },
  },
  validate: { document: VALIDATE_WATCH_SETTINGS, example: { check_interval: 30 } },
};

const check = route({
  path: '/config/check',
  docs: {
    summary: 'Check whether the settings in force work on this server. Requires the admin role.',
    description:
      '`warnings` lists what does not, such as a folder that cannot be written to; `catalogs` and `sources` are the state of each.',
    response: checkSchema,
    example: {},
  },
  input: z.object({}),
  document: CHECK_SETTINGS,
  variables: () => ({}),
  respond: serializeCheck,
});

export const CONFIG_ROUTES: readonly AnyRoute[] = [
  ...settingsRoutes(DOWNLOADS),
  check,
  ...settingsRoutes(WATCHES),
];
