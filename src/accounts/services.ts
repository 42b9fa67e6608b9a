import { UnknownServiceError } from './errors.js';

/*
 * The one definition of a service and of what an account there holds. Input and output of GraphQL and REST, checks of
 * values and hints are derived from it; a check of the account itself is in check-account.ts.
 */

interface SecretForm {
  /** Of the whole value, without surrounding space. */
  pattern: RegExp;
  /** Completes the name. */
  rule: string;
  description: string;
}

const token = (max: number): Pick<SecretForm, 'pattern' | 'rule'> => ({
  pattern: new RegExp(`^[!-~]{1,${max}}$`),
  rule: `must be 1 to ${max} ASCII characters without spaces.`,
});

export const SECRETS = {
  clientId: { ...token(256), description: 'Client id of an app that you registered at the service.' },
  clientSecret: { ...token(256), description: 'Client secret of the same app as `clientId`.' },
  blobContent: {
    pattern: /^[\t\n\r -~\u00a0-\uffff]{1,2000}$/,
    rule: 'must be 1 to 2000 characters of text.',
    description: 'Login file of Spotify that existing clients send. It is stored and never used.',
  },
  arl: { ...token(1_000), description: 'Session cookie of Deezer. It is stored and never used.' },
} satisfies Record<string, SecretForm>;

export type SecretName = keyof typeof SECRETS;
export type Secrets = Partial<Record<SecretName, string>>;
/** Null or empty counts as omitted. */
export type SecretInput = { [Name in SecretName]?: string | null | undefined };

/** How much of a secret a response shows: all of it, its end, or only that it is there. */
export type Visibility = 'ALL' | 'END' | 'NOTHING';

export interface Service {
  name: string;
  title: string;
  secrets: Partial<Record<SecretName, Visibility>>;
  /** Each of these sets is enough for an account. */
  sufficient: readonly (readonly SecretName[])[];
  hasRegion: boolean;
  /** The setting that names the active account; null if all accounts are in use. */
  activeSetting: 'spotifyAccount' | 'deezerAccount' | null;
  usedForAudio: boolean;
  /** What its accounts are for, in sentences. */
  note: string;
}

const SPOTIFY: Service = {
  name: 'spotify',
  title: 'Spotify',
  secrets: { clientId: 'END', clientSecret: 'END', blobContent: 'NOTHING' },
  sufficient: [['clientId', 'clientSecret'], ['blobContent']],
  hasRegion: true,
  activeSetting: 'spotifyAccount',
  usedForAudio: false,
  note: 'Spotify accounts are not used for audio: it is never taken from Spotify.',
};

const DEEZER: Service = {
  name: 'deezer',
  title: 'Deezer',
  secrets: { arl: 'END' },
  sufficient: [['arl']],
  hasRegion: true,
  activeSetting: 'deezerAccount',
  usedForAudio: false,
  note: 'Deezer accounts are not used for audio: it is never taken from Deezer, and the arl is never sent anywhere.',
};

/** In the order of responses. */
export const SERVICES: readonly Service[] = [SPOTIFY, DEEZER];

/** Of the server, beside the accounts; there is at most one, and its name is of no importance. */
export const SPOTIFY_APP: Service = {
  ...SPOTIFY,
  name: 'spotify_api',
  title: 'the Spotify app',
  secrets: { clientId: 'ALL', clientSecret: 'NOTHING' },
  sufficient: [['clientId', 'clientSecret']],
  hasRegion: false,
  activeSetting: null,
};
export const SPOTIFY_APP_NAME = 'config';

/** Throws UnknownServiceError. */
export function getService(name: string): Service {
  const found = SERVICES.find((service) => service.name === name);
  if (found) return found;
  throw new UnknownServiceError(
    name,
    SERVICES.map((service) => service.name),
  );
}

/** Of a stored account. */
export function serviceOf(account: { service: string }): Service {
  return account.service === SPOTIFY_APP.name ? SPOTIFY_APP : getService(account.service);
}

export function secretNamesOf(values: object): SecretName[] {
  return Object.keys(values).filter((name): name is SecretName => Object.hasOwn(SECRETS, name));
}
