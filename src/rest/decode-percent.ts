import { invalidField } from './input.js';

/** Text out of a URL. Throws RestFailure 400 that names the field where it is no UTF-8, percent-encoded. */
export function decodePercent(field: string, raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw invalidField(field, 'not correctly percent-encoded');
  }
}
