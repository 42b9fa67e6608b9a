import { DomainError } from '../lib/errors.js';

/** What is wrong with one setting. */
export interface SettingsProblem {
  field: string;
  /** What is wrong and what is allowed. */
  message: string;
}

/** The settings would make no sense; nothing was stored. */
export class InvalidSettingsError extends DomainError {
  readonly code = 'INVALID_SETTINGS';

  constructor(readonly problems: readonly SettingsProblem[]) {
    super(problems.map(({ field, message }) => `${field}: ${message}`).join(' '));
  }
}
