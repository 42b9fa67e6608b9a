export interface ReaderLimits {
  /** WebSockets and event streams of one address; behind a proxy everybody has the proxy's. */
  perAddress: number;
  perViewer: number;
  inAll: number;
}

export const READER_LIMITS: ReaderLimits = { perAddress: 2_000, perViewer: 6_000, inAll: 12_000 };

/** One connection that stays open: a WebSocket or an event stream. */
export interface OpenReader {
  /** False when this viewer has too many. Call it once, as soon as the viewer is known. */
  identify(viewerId: string): boolean;
  leave(): void;
}

/** Counts the readers of one process. */
export interface ReaderCounter {
  /** Null when the address, or all together, have too many. */
  enter(address: string | null): OpenReader | null;
}

export function createReaderCounter(limits: ReaderLimits = READER_LIMITS): ReaderCounter {
  const byAddress = createCounts();
  const byViewer = createCounts();
  let total = 0;
  return {
    enter(address) {
      const network = networkOf(address ?? '');
      if (total >= limits.inAll || byAddress.of(network) >= limits.perAddress) return null;
      let viewer: string | null = null;
      let open = true;
      total += 1;
      byAddress.add(network, 1);
      return {
        identify(viewerId) {
          if (viewer !== null || !open) return open;
          if (byViewer.of(viewerId) >= limits.perViewer) return false;
          viewer = viewerId;
          byViewer.add(viewerId, 1);
          return true;
        },
        leave() {
          if (!open) return;
          open = false;
          total -= 1;
          byAddress.add(network, -1);
          if (viewer !== null) byViewer.add(viewer, -1);
        },
      };
    },
  };
}

function createCounts() {
  const counts = new Map<string, number>();
  const of = (key: string) => counts.get(key) ?? 0;
  return {
    of,
    add(key: string, change: 1 | -1) {
      const next = of(key) + change;
      if (next === 0) counts.delete(key);
      else counts.set(key, next);
    },
  };
}

const GROUPS = 8;
const NETWORK_GROUPS = 4;

/** IPv6 by its first 64 bits: whoever has one address there has all of them. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [plain = ''] = address.toLowerCase().split('%', 1);
  if (plain.startsWith('::ffff:') && plain.includes('.')) return plain.slice('::ffff:'.length);
  const [head = '', tail] = plain.split('::', 2);
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  const zeros = Array.from({ length: Math.max(0, GROUPS - before.length - after.length) }, () => '0');
  const groups = tail === undefined ? before : [...before, ...zeros, ...after];
  return `${groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

function groupsOf(part: string): string[] {
  return part === '' ? [] : part.split(':');
}
