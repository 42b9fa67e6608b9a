import { describe, expect, it } from 'vitest';
import { createReaderCounter, networkOf } from '../../src/lib/reader-limits.js';

describe('the count of readers', () => {
  it('is limited for an address, a viewer and in all, and a reader that leaves makes room', () => {
    const counter = createReaderCounter({ perAddress: 2, perViewer: 1, inAll: 3 });
    const first = counter.enter('192.0.2.1');
    const second = counter.enter('192.0.2.1');
    expect(counter.enter('192.0.2.1')).toBeNull();
    expect(counter.enter('192.0.2.2')).not.toBeNull();
    expect(counter.enter('192.0.2.3')).toBeNull();
    expect([first?.identify('a'), first?.identify('a'), second?.identify('a')]).toEqual([true, true, false]);
    first?.leave();
    first?.leave();
    expect(second?.identify('a')).toBe(true);
    expect(counter.enter('192.0.2.1')).not.toBeNull();
    expect(counter.enter('192.0.2.1')).toBeNull();
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::5', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('counts %s as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
