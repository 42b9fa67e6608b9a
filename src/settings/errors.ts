import { DomainError } from '../lib/errors.js';

/** What is wrong with one setting. */
export interface SettingsProblem {
  field: string;
  /** A sentence that begins with the name in quotes. */
  message: string;
}

/** Nothing was stored. */
export class InvalidSettingsError extends DomainError {
  readonly code = 'INVALID_SETTINGS';

  constructor(readonly problems: readonly SettingsProblem[]) {
    super(problems.map(({ message }) => message).join(' '));
  }
}
