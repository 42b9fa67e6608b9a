import { TypedDocumentString } from '../../generated/documents/graphql.js';
import type { TableRow } from '../../settings/settings-table.js';
import { SETTINGS_ROWS, WATCH_SETTINGS_ROWS } from '../../settings/settings.js';
import type { UnionFailure } from '../errors.js';

/* Built from the tables, and so without generated types: a new setting changes nothing here. */

export type WatchValues = Record<string, unknown>;
export interface SettingsValues {
  [name: string]: unknown;
  watch: WatchValues;
}

export interface Problem {
  field: string;
  message: string;
}

type Failure = Pick<UnionFailure, 'code' | 'message'>;

interface Updated<Values> {
  __typename: 'SettingsUpdated' | 'WatchSettingsUpdated';
  settings: Values;
}
export type UpdateFailure =
  | (Failure & { __typename: 'InvalidSettings'; problems: Problem[] })
  | (Failure & { __typename: 'Forbidden' });

type Input = { input: Record<string, unknown> };
export type UpdateDocument<Values> = TypedDocumentString<{ result: Updated<Values> | UpdateFailure }, Input>;

const namesOf = (rows: readonly TableRow[]) => rows.map(({ name }) => name).join(' ');
const watchFields = namesOf(WATCH_SETTINGS_ROWS);
const fields = `version ${namesOf(SETTINGS_ROWS)} explicitFilter watch { ${watchFields} }`;
const problems = 'problems { field message }';
const forbidden = '... on Forbidden { code message }';
const failures = `... on InvalidSettings { ${problems} } ... on Error { code message }`;

export type ValidateDocument = TypedDocumentString<{ check: { problems: Problem[] } | Failure }, Input>;

export const SETTINGS = new TypedDocumentString<{ settings: SettingsValues }, Record<string, never>>(
  `query RestSettings { settings { ${fields} } }`,
);

export const UPDATE_SETTINGS: UpdateDocument<SettingsValues> = new TypedDocumentString(
  `mutation RestUpdateSettings($input: SettingsInput!) {
    result: updateSettings(input: $input) {
      __typename ... on SettingsUpdated { settings { ${fields} } } ${failures}
    }
  }`,
);

export const UPDATE_WATCH_SETTINGS: UpdateDocument<WatchValues> = new TypedDocumentString(
  `mutation RestUpdateWatchSettings($input: WatchSettingsInput!) {
    result: updateWatchSettings(input: $input) {
      __typename ... on WatchSettingsUpdated { settings { ${watchFields} } } ${failures}
    }
  }`,
);

export const VALIDATE_SETTINGS: ValidateDocument = new TypedDocumentString(
  `query RestValidateSettings($input: SettingsInput!) {
    check: validateSettings(input: $input) { ... on SettingsCheck { ${problems} } ${forbidden} }
  }`,
);

export const VALIDATE_WATCH_SETTINGS: ValidateDocument = new TypedDocumentString(
  `query RestValidateWatchSettings($input: WatchSettingsInput!) {
    check: validateWatchSettings(input: $input) { ... on SettingsCheck { ${problems} } ${forbidden} }
  }`,
);

interface ProviderStatus {
  name: string;
  enabled: boolean;
  state: string;
  account: string;
  setup: string | null;
  limitedUntil: string | null;
  lastSuccessAt: string | null;
  lastErrorAt: string | null;
  lastError: string | null;
}

export interface SettingsCheck {
  settings: SettingsValues;
  catalogs: ProviderStatus[];
  sources: ProviderStatus[];
  checkSettings: { valid: boolean; problems: Problem[]; warnings: string[] } | Failure;
}

const providerFields = 'name enabled state account setup limitedUntil lastSuccessAt lastErrorAt lastError';

export const CHECK_SETTINGS = new TypedDocumentString<SettingsCheck, Record<string, never>>(
  `query RestCheckSettings {
    settings { ${fields} }
    catalogs { ${providerFields} }
    sources { ${providerFields} }
    checkSettings { ... on SettingsCheck { valid ${problems} warnings } ${forbidden} }
  }`,
);
