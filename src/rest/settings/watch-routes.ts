import { z } from 'zod';
import type { RestSettingsQuery } from '../../generated/documents/graphql.js';
import { preparedRoute, route, type AnyRoute } from '../route.js';
import { asSent, readValues, type Problem } from './named-values.js';
import { readOrRefuse, settingsFailure, toValidation, toWireWatchSettings } from './serialize.js';
import { SETTINGS, UPDATE_WATCH_SETTINGS, VALIDATE_WATCH_SETTINGS } from './documents.js';
import { validationShape, watchSettingsShape } from './schemas.js';
import { WIRE_WATCH_SETTINGS } from './setting-names.js';

/** Clients send these back with the rest. */
const SILENT = ['version', 'message', 'ignored_keys'];

const body = z.record(z.string(), z.unknown()).meta({
  description:
    'Any of the keys that `GET /config/watch` shows, also in snake_case; what is absent stays. Of two names for one value, the one that differs from what is stored counts.',
});

const read = (input: z.infer<typeof body>, { settings }: RestSettingsQuery) =>
  readValues(WIRE_WATCH_SETTINGS, input, { stored: { ...settings.watch }, silent: SILENT });

const named = (input: z.infer<typeof body>) => (problems: readonly Problem[]) =>
  asSent(WIRE_WATCH_SETTINGS, input, problems);

const show = route({
  path: '/config/watch',
  docs: { summary: 'Show the settings of watches.', answer: watchSettingsShape, example: {} },
  input: z.object({}),
  document: SETTINGS,
  variables: () => ({}),
  respond: ({ settings }) => toWireWatchSettings(settings.watch),
});

const change = preparedRoute({
  methods: ['PUT', 'POST'],
  path: '/config/watch',
  docs: {
    summary: 'Change some settings of watches. For admins.',
    answer: z.looseObject({ message: z.string(), ignored_keys: z.array(z.string()).optional() }),
    example: { enabled: true, check_interval: 3_600, retry_failed_after: 1_800 },
    errors: [403],
  },
  input: body,
  prior: SETTINGS,
  document: UPDATE_WATCH_SETTINGS,
  variables: (input, prior) => ({ input: readOrRefuse(read(input, prior)).patch }),
  respond: ({ result }, { input, prior }) => {
    if (result.__typename !== 'WatchSettingsUpdated') throw settingsFailure(result, named(input));
    const { ignored } = read(input, prior);
    return {
      message: 'Watch configuration updated',
      ...toWireWatchSettings(result.settings),
      ...(ignored.length > 0 && { ignored_keys: ignored }),
    };
  },
});

const validate = preparedRoute({
  methods: ['POST'],
  path: '/config/watch/validate',
  docs: {
    summary: 'Tell whether settings of watches would make sense, and change nothing. For admins.',
    answer: validationShape,
    example: { check_interval: 30 },
  },
  input: body,
  prior: SETTINGS,
  document: VALIDATE_WATCH_SETTINGS,
  variables: (input, prior) => ({ input: read(input, prior).patch }),
  respond: ({ check: { problems } }, { input, prior }) =>
    toValidation([...read(input, prior).problems, ...named(input)(problems)]),
});

export const CONFIG_WATCH_ROUTES: readonly AnyRoute[] = [show, change, validate];
