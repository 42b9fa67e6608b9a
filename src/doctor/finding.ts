import { messageOf } from '../lib/errors.js';

export interface Finding {
  /** The variable or part of the machine that was checked. */
  name: string;
  state: 'ok' | 'warning' | 'failed';
  /** What was found, and what to do unless it is ok. */
  message: string;
}

export const ok = (name: string, message: string): Finding => ({ name, state: 'ok', message });
export const warning = (name: string, message: string): Finding => ({ name, state: 'warning', message });
export const failed = (name: string, message: string): Finding => ({ name, state: 'failed', message });

/** A check that throws has failed: errors of a start say what to do. */
export async function check(
  name: string,
  work: () => Promise<Finding | Finding[] | string>,
): Promise<Finding[]> {
  try {
    const found = await work();
    return [typeof found === 'string' ? ok(name, found) : found].flat();
  } catch (thrown) {
    return [failed(name, messageOf(thrown))];
  }
}
