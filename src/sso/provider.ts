/** What a sign-in sends to the provider and expects back; made for each one. */
export interface SignInFlow {
  redirectUri: string;
  state: string;
  nonce: string;
  /** PKCE. */
  codeVerifier: string;
}

/** Somebody, as a provider knows them. */
export interface ProviderProfile {
  /** Never changes and is never given to another account, unlike names and e-mail addresses. */
  subject: string;
  /** To make a username of, the best first. */
  names: readonly string[];
  /** Null unless the provider has verified it. */
  email: string | null;
  /** Null where the provider says nothing about roles. */
  isAdmin: boolean | null;
}

/** What the provider added to the redirect URI. */
export interface CallbackParameters {
  code: string | null;
  state: string | null;
  /** RFC 9207. */
  iss: string | null;
  error: string | null;
}

/** The port of all providers. What it throws is shown to nobody, but for DomainErrors. */
export interface SignInProvider {
  /** In addresses and in the database. */
  name: string;
  displayName: string;
  /** Whether unknown people get an account; null: as REGISTRATION_ENABLED says. */
  registration: boolean | null;
  /** Where the browser goes. */
  authorizationUrl(flow: SignInFlow): Promise<URL>;
  /** Checks all that the provider returns: issuer, audience, nonce, signature where there is one. */
  readProfile(parameters: CallbackParameters, flow: SignInFlow): Promise<ProviderProfile>;
}

/** Each takes a part of the 9 s that a response may take. */
export const PROVIDER_LIMITS = { timeoutMs: 4_000, maxBytes: 500_000 };

/** Another provider with the same name must not be taken for this one: its subjects are of other people. */
export function subjectOf(issuer: string, id: string): string {
  return `${issuer}|${id}`;
}
