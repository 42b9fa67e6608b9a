/** One setting as clients write it. */
export interface WireSetting {
  name: string;
  /** All that it is called in a body; the first is how clients know it. */
  keys: readonly string[];
  /** What a client's value means; undefined for one that means nothing. */
  read(value: unknown): unknown;
  /** What is allowed, for people. */
  allowed: string;
  /** As answers have it, by each name that they have. */
  write(value: unknown): Record<string, unknown>;
}

export interface Problem {
  field: string;
  message: string;
}

export interface ReadValues {
  /** What is to change, by the settings' own names. */
  patch: Record<string, unknown>;
  problems: Problem[];
  ignored: string[];
}

/**
 * Reads a body of settings. Clients send the whole object back, with several names for one value of which some are
 * stale: the value that differs from what is stored wins; two that differ from it and from each other are a problem.
 * What is stored already is no change.
 */
export function readValues(
  settings: readonly WireSetting[],
  body: Record<string, unknown>,
  { stored, silent }: { stored: Record<string, unknown>; silent: readonly string[] },
): ReadValues {
  const known = new Set([...settings.flatMap(({ keys }) => keys), ...silent]);
  const read: ReadValues = {
    patch: {},
    problems: [],
    ignored: Object.keys(body).filter((key) => !known.has(key)),
  };
  for (const setting of settings) readOne({ setting, body, stored: stored[setting.name] }, read);
  return read;
}

function readOne(
  { setting, body, stored }: { setting: WireSetting; body: Record<string, unknown>; stored: unknown },
  into: ReadValues,
): void {
  const given = setting.keys.filter((key) => body[key] !== undefined);
  const values = new Map(given.map((key) => [key, setting.read(body[key])]));
  const bad = given.filter((key) => values.get(key) === undefined);
  into.problems.push(...bad.map((field) => ({ field, message: `allowed: ${setting.allowed}.` })));
  const texts = new Set(given.map((key) => JSON.stringify(values.get(key))));
  texts.delete(JSON.stringify(stored));
  if (bad.length > 0 || texts.size === 0) return;
  if (texts.size > 1) {
    const message = `${given.join(' and ')} are two names for one setting and do not agree; give one of them.`;
    into.problems.push({ field: given[0] ?? setting.name, message });
    return;
  }
  into.patch[setting.name] = JSON.parse([...texts][0] ?? 'null');
}

/** Problems with settings, each by the name that the client used for it. */
export function asSent(
  settings: readonly WireSetting[],
  body: Record<string, unknown>,
  problems: readonly Problem[],
): Problem[] {
  return problems.map(({ field, message }) => {
    const keys = settings.find(({ name }) => name === field)?.keys ?? [field];
    return { field: keys.find((key) => body[key] !== undefined) ?? keys[0] ?? field, message };
  });
}

/** All settings as answers have them. */
export function writeValues(
  settings: readonly WireSetting[],
  values: Record<string, unknown>,
): Record<string, unknown> {
  return Object.assign({}, ...settings.map(({ name, write }) => write(values[name]))) as Record<
    string,
    unknown
  >;
}

/** `maxRetries` and `max_retries`. */
export function bothSpellings(name: string): string[] {
  return [...new Set([name, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)])];
}

type Kind = Pick<WireSetting, 'read' | 'allowed'>;

const WORDS = new Map([
  ['true', true],
  ['false', false],
]);

export const FLAG: Kind = {
  read: (value) => {
    if (typeof value === 'boolean') return value;
    return typeof value === 'string' ? WORDS.get(value.toLowerCase()) : undefined;
  },
  allowed: 'true, false',
};

/** What a client writes as a number or as text. */
export const NUMBER: Kind = {
  read: (value) => {
    // What JSON may write and JavaScript cannot hold is read as Infinity.
    if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
    return typeof value === 'string' && /^-?\d{1,12}(\.\d{1,6})?$/.test(value) ? Number(value) : undefined;
  },
  allowed: 'a number',
};

export const WHOLE: Kind = {
  read: (value) => {
    const number = NUMBER.read(value);
    return Number.isSafeInteger(number) && Math.abs(Number(number)) < 2 ** 31 ? number : undefined;
  },
  allowed: 'a whole number',
};

/** Text; null counts as none. */
export const TEXT: Kind = {
  read: (value) => (value === null ? '' : typeof value === 'string' ? value : undefined),
  allowed: 'a text',
};

/** One of these words, in any case. */
export function oneOf(words: readonly string[]): Kind {
  return {
    read: (value) => words.find((word) => word === (typeof value === 'string' ? value.toUpperCase() : value)),
    allowed: words.map((word) => word.toLowerCase()).join(', '),
  };
}
