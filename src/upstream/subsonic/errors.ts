import type { SubsonicServer } from '../../env-subsonic.js';
import { UpstreamFailedError } from '../../lib/errors.js';
import { parseJson } from '../../lib/parse-json.js';
import { envelopeSchema, errorSchema } from './schemas.js';

/** The server answered, and said no. */
export class SubsonicRefusal extends UpstreamFailedError {
  constructor(
    readonly refusalCode: number,
    message: string,
  ) {
    super(message, { retryable: refusalCode === GENERIC });
  }
}

/** Anything that the server has no code of its own for: from a busy database to an id in a wrong form. */
const GENERIC = 0;

type Words = (names: { username: string; password: string; apiKey: string }) => string;

/** By the codes of the OpenSubsonic API, version 1. */
const WORDS: Readonly<Record<number, Words>> = {
  10: () => 'misses a parameter that it requires',
  20: () => 'wants a newer client than this version of Reprise',
  30: () => 'is too old for this version of Reprise; update the server',
  40: ({ username, password }) => `does not accept the user and password of ${username} and ${password}`,
  41: ({ apiKey }) => `does not take tokens for this user; create an API key there and set ${apiKey}`,
  42: () => 'does not support the way in which Reprise signs in',
  43: () => 'was given two ways to sign in at once',
  44: ({ apiKey }) => `does not accept the API key of ${apiKey}`,
  50: () => 'does not allow this to its user; allow it to download there',
  60: () => 'says that its trial period is over',
  70: () => 'does not have what was requested',
};

interface RefusalContext {
  server: Pick<SubsonicServer, 'suffix'>;
  displayName: string;
}

/** Null for any other text. */
export function refusalOf(text: string, { server, displayName }: RefusalContext): SubsonicRefusal | null {
  const error = readJson(text) ?? readXml(text);
  if (!error) return null;
  const { suffix } = server;
  const names = {
    username: `SUBSONIC_USERNAME${suffix}`,
    password: `SUBSONIC_PASSWORD${suffix}`,
    apiKey: `SUBSONIC_API_KEY${suffix}`,
  };
  const words =
    WORDS[error.code]?.(names) ?? `refused a request: ${JSON.stringify(error.message.slice(0, 200))}`;
  return new SubsonicRefusal(error.code, `${displayName} ${words} (code ${error.code}).`);
}

function readJson(text: string): { code: number; message: string } | null {
  const { data } = envelopeSchema.safeParse(parseJson(text));
  return errorSchema.safeParse(data).data?.error ?? null;
}

/** Some answer in XML whatever was requested. */
function readXml(text: string): { code: number; message: string } | null {
  const element = /<error\s[^>]{0,2000}>/.exec(text.slice(0, 4_000))?.[0];
  const code = /\bcode="(\d{1,3})"/.exec(element ?? '')?.[1];
  if (code === undefined) return null;
  return { code: Number(code), message: /\bmessage="([^"]{0,500})"/.exec(element ?? '')?.[1] ?? '' };
}
