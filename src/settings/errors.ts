import { DomainError } from '../lib/errors.js';

export interface SettingsProblem {
  field: string;
  /** A sentence that begins with the name in quotes. */
  message: string;
}

export class InvalidSettingsError extends DomainError {
  readonly code = 'INVALID_SETTINGS';

  constructor(readonly problems: readonly SettingsProblem[]) {
    super(problems.map(({ message }) => message).join(' '));
  }
}
