import { describe, expect, it } from 'vitest';
import { createSharedMessages } from '../../src/rest/shared-messages.js';

const [a, b] = [{ name: 'a' }, { name: 'b' }];

describe('shared messages', () => {
  it('are made once for identical values', async () => {
    const share = createSharedMessages();
    const first = await share([a, b], 'here', () => Promise.resolve({}));
    expect(await share([a, b], 'here', () => Promise.resolve({}))).toBe(first);
    for (const [values, place] of [
      [[a], 'here'],
      [[a, { ...b }], 'here'],
      [[b, a], 'here'],
      [[a, b], 'there'],
    ] as const) {
      expect(await share(values, place, () => Promise.resolve({}))).not.toBe(first);
    }
  });

  it('are made each time without values, and again after a failure', async () => {
    const share = createSharedMessages();
    const make = () => Promise.resolve({});
    expect(await share([], 'here', make)).not.toBe(await share([], 'here', make));
    await expect(share([a], 'here', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await share([a], 'here', make)).toEqual({});
  });
});
