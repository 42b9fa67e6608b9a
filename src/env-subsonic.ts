import { z } from 'zod';
import { publicUrl, variableFacts, type Provided } from './lib/env-values.js';

/* Variables about the owner's own OpenSubsonic servers. Of a further one, each name ends in its number: SUBSONIC_URL_2. */

const text = z.string().min(1).max(500);

export const SUBSONIC_VARIABLES = {
  SUBSONIC_URL: publicUrl.optional().register(variableFacts, {
    kind: 'an address such as https://music.example.org or http://192.168.1.5:4533',
    default: null,
    description:
      'An OpenSubsonic server (Navidrome, gonic and others) whose music may be used; further ones as SUBSONIC_URL_2 and so on.',
  }),
  SUBSONIC_USERNAME: text.optional().register(variableFacts, {
    kind: '1 to 500 characters',
    default: null,
    description: 'User at SUBSONIC_URL; with SUBSONIC_PASSWORD.',
  }),
  SUBSONIC_PASSWORD: text.optional().register(variableFacts, {
    kind: '1 to 500 characters',
    default: null,
    description: 'Password of SUBSONIC_USERNAME.',
  }),
  SUBSONIC_API_KEY: text.optional().register(variableFacts, {
    kind: '1 to 500 characters',
    default: null,
    description: 'API key at SUBSONIC_URL, in place of user and password, where the server has such keys.',
  }),
};

const subsonicVariables = z.object(SUBSONIC_VARIABLES);
type SubsonicVariables = z.infer<typeof subsonicVariables>;

export interface SubsonicServer {
  /** Of its catalog and its source: `subsonic`, `subsonic2`, … */
  name: string;
  /** Without a slash at the end. */
  url: string;
  /** What the names of its variables end in. */
  suffix: string;
  login: { kind: 'password'; username: string; password: string } | { kind: 'apiKey'; apiKey: string };
}

export interface SubsonicEnv {
  /** By number. */
  subsonicServers: readonly SubsonicServer[];
}

const NUMBERED = new RegExp(`^(?:${Object.keys(SUBSONIC_VARIABLES).join('|')})_(\\d{1,2})$`);

export function subsonicSuffixes(provided: Provided): string[] {
  const found = Object.keys(provided).flatMap((name) => NUMBERED.exec(name)?.[1] ?? []);
  return [...new Set(found)].sort((a, b) => Number(a) - Number(b)).map((number) => `_${number}`);
}

/** The variables of one further server, under their names without the number. */
export function parseFurtherSubsonic(provided: Provided, suffix: string) {
  const own = Object.keys(SUBSONIC_VARIABLES).map((name) => [name, provided[`${name}${suffix}`]] as const);
  return subsonicVariables.safeParse(Object.fromEntries(own));
}

export function findSubsonicConflicts(provided: Provided): string[] {
  return ['', ...subsonicSuffixes(provided)].flatMap((suffix) => {
    const [url, username, password, apiKey] = Object.keys(SUBSONIC_VARIABLES).map((name) =>
      Boolean(provided[`${name}${suffix}`]),
    );
    const [URL, USERNAME, PASSWORD, API_KEY] = Object.keys(SUBSONIC_VARIABLES).map(
      (name) => `${name}${suffix}`,
    );
    const login = `${USERNAME} and ${PASSWORD}, or ${API_KEY}`;
    if (!url) return username || password || apiKey ? [`${login} require ${URL}; set ${URL}.`] : [];
    if (apiKey && (username || password)) {
      return [`${API_KEY} excludes ${USERNAME} and ${PASSWORD}: servers refuse both at once; remove one.`];
    }
    return apiKey || (username && password) ? [] : [`${URL} requires ${login}.`];
  });
}

/** `further`: of each further server, its suffix and variables. */
export function toSubsonicEnv(
  parsed: SubsonicVariables,
  further: readonly [string, SubsonicVariables][],
): SubsonicEnv {
  const all = [['', parsed] as const, ...further];
  return {
    subsonicServers: all.flatMap(([suffix, variables]) => {
      const { SUBSONIC_URL: url, SUBSONIC_USERNAME: username, SUBSONIC_PASSWORD: password } = variables;
      const { SUBSONIC_API_KEY: apiKey } = variables;
      if (url === undefined) return [];
      const login =
        apiKey === undefined
          ? { kind: 'password' as const, username: username ?? '', password: password ?? '' }
          : { kind: 'apiKey' as const, apiKey };
      return [{ name: `subsonic${suffix.replace('_', '')}`, url, suffix, login }];
    }),
  };
}

/** Passwords and API keys, which nothing may log. */
export function subsonicSecretsOf({ subsonicServers }: SubsonicEnv): string[] {
  return subsonicServers.map(({ login }) => (login.kind === 'apiKey' ? login.apiKey : login.password));
}
