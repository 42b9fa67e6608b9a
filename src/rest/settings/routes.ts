import { z } from 'zod';
import type { RestSettingsQuery } from '../../generated/documents/graphql.js';
import { preparedRoute, route, type AnyRoute } from '../route.js';
import { asSent, readValues, type Problem } from './named-values.js';
import { readOrRefuse, settingsFailure, toText, toValidation, toWireSettings } from './serialize.js';
import { CHECK_SETTINGS, SETTINGS, UPDATE_SETTINGS, VALIDATE_SETTINGS } from './documents.js';
import { changedSettingsShape, settingsShape, validationShape } from './schemas.js';
import { WIRE_SETTINGS } from './setting-names.js';

/** Clients send these back with the rest; they are changed elsewhere, or not at all. */
const SILENT = ['version', 'watch', 'explicitFilter', 'explicit_filter', 'ignored_keys'];

const body = z.record(z.string(), z.unknown()).meta({
  description:
    'Any of the keys that `GET /config` shows, also in snake_case; what is absent stays. Of two names for one value, the one that differs from what is stored counts.',
});

const read = (input: z.infer<typeof body>, { settings }: RestSettingsQuery) =>
  readValues(WIRE_SETTINGS, input, { stored: { ...settings }, silent: SILENT });

const named = (input: z.infer<typeof body>) => (problems: readonly Problem[]) =>
  asSent(WIRE_SETTINGS, input, problems);

const show = route({
  path: '/config',
  docs: { summary: 'Show the settings in force.', answer: settingsShape, example: {} },
  input: z.object({}),
  document: SETTINGS,
  variables: () => ({}),
  respond: ({ settings }) => toWireSettings(settings),
});

const change = preparedRoute({
  methods: ['PUT', 'POST'],
  path: '/config',
  docs: {
    summary: 'Change some settings. For admins.',
    answer: changedSettingsShape,
    example: { maxConcurrentDownloads: 4, fileFormat: 'mp3', bitrate: '320k' },
    errors: [403],
  },
  input: body,
  prior: SETTINGS,
  document: UPDATE_SETTINGS,
  variables: (input, prior) => ({ input: readOrRefuse(read(input, prior)).patch }),
  respond: ({ result }, { input, prior }) => {
    if (result.__typename !== 'SettingsUpdated') throw settingsFailure(result, named(input));
    const { ignored } = read(input, prior);
    return { ...toWireSettings(result.settings), ...(ignored.length > 0 && { ignored_keys: ignored }) };
  },
});

const check = route({
  path: '/config/check',
  docs: {
    summary: 'Look whether the settings in force make sense here. For admins.',
    answer: z.object({
      message: z.string(),
      valid: z.boolean(),
      config: settingsShape,
      warnings: z.array(z.string()),
    }),
    example: {},
  },
  input: z.object({}),
  document: CHECK_SETTINGS,
  variables: () => ({}),
  respond: ({ settings, checkSettings: { valid, problems, warnings } }) => ({
    message: valid ? 'Configuration is valid' : 'Configuration is not valid',
    valid,
    config: toWireSettings(settings),
    warnings: [...named({})(problems).map(toText), ...warnings],
  }),
});

const validate = preparedRoute({
  methods: ['POST'],
  path: '/config/validate',
  docs: {
    summary: 'Tell whether settings would make sense, and change nothing. For admins.',
    answer: validationShape,
    example: { convertTo: 'FLAC', bitrate: '320k' },
  },
  input: body,
  prior: SETTINGS,
  document: VALIDATE_SETTINGS,
  variables: (input, prior) => ({ input: read(input, prior).patch }),
  respond: ({ check: { problems } }, { input, prior }) =>
    toValidation([...read(input, prior).problems, ...named(input)(problems)]),
});

export const CONFIG_ROUTES: readonly AnyRoute[] = [show, change, check, validate];
