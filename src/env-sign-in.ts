import { z } from 'zod';
import { httpUrl, onOff, publicUrl, variableFacts, type Provided } from './lib/env-values.js';

/* Variables about signing in by something else than a password of this server. */

const secret = z.string().min(1).max(1_024);
const clientId = z.string().min(1).max(500);
const headerName = z.string().regex(/^[A-Za-z0-9-]{1,100}$/);

const nameAndValue = (name: RegExp) =>
  z
    .string()
    .transform((text) => text.split(/=(.*)/s))
    .refine(([left = '', right = '']) => name.test(left) && right.trim() !== '')
    .transform(([left = '', right = '']) => ({ name: left, value: right.trim() }));

const FURTHER = 'Of further providers: with _2, _3 and so on at the end.';

/** One provider by OpenID Connect; of further ones each name has a number at its end, `OIDC_ISSUER_2`. */
const OIDC_VARIABLES = {
  OIDC_ISSUER: httpUrl.optional().register(variableFacts, {
    kind: 'an address such as https://id.example.org, as the provider itself states it',
    default: null,
    description: `OpenID Connect provider to sign in with, such as Authelia, Authentik, Keycloak or Pocket ID. ${FURTHER}`,
  }),
  OIDC_CLIENT_ID: clientId.optional().register(variableFacts, {
    kind: '1 to 500 characters',
    default: null,
    description: 'What this server is called at OIDC_ISSUER.',
  }),
  OIDC_CLIENT_SECRET: secret.optional().register(variableFacts, {
    kind: '1 to 1,024 characters',
    default: null,
    description: 'Secret of OIDC_CLIENT_ID; none for a public client.',
  }),
  OIDC_NAME: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$/)
    .optional()
    .register(variableFacts, {
      kind: 'up to 40 letters, digits, spaces, ".", "_" or "-"',
      default: null,
      description:
        'What people call OIDC_ISSUER. In addresses, in lower case: "My ID" is /api/auth/sso/callback/my-id. By default "oidc".',
    }),
  OIDC_ADMIN_CLAIM: nameAndValue(/^[^\s=]{1,100}$/)
    .optional()
    .register(variableFacts, {
      kind: 'a claim and its value, such as groups=reprise-admins or realm_access.roles=admin',
      default: null,
      description:
        'Who has this claim is an admin, and who has not a user, from their next sign-in on. By default, roles are given here.',
    }),
  OIDC_REGISTRATION: onOff.optional().register(variableFacts, {
    kind: 'true or false',
    default: null,
    description:
      'Whether people whom OIDC_ISSUER knows, and this server does not, get an account. By default as REGISTRATION_ENABLED says.',
  }),
};

export const SIGN_IN_VARIABLES = {
  FRONTEND_URL: publicUrl.optional().register(variableFacts, {
    kind: 'an address such as https://music.example.org',
    default: null,
    description:
      'Where a browser goes after it has signed in at a provider, with a token; by default the address of this server.',
  }),
  SSO_LINK_BY_EMAIL: onOff.default(false).register(variableFacts, {
    kind: 'true or false',
    default: 'false',
    description:
      'Whether a sign-in by a provider is also one to an existing account with the same e-mail address, if both are verified.',
  }),
  GOOGLE_CLIENT_ID: clientId.optional().register(variableFacts, {
    kind: '1 to 500 characters',
    default: null,
    description: 'What this server is called at Google; with GOOGLE_CLIENT_SECRET.',
  }),
  GOOGLE_CLIENT_SECRET: secret.optional().register(variableFacts, {
    kind: '1 to 1,024 characters',
    default: null,
    description: 'Secret of GOOGLE_CLIENT_ID.',
  }),
  GOOGLE_URL: publicUrl.optional().register(variableFacts, {
    kind: 'an address such as http://127.0.0.1:9000',
    default: null,
    description: 'A server that stands in for Google, for trials.',
  }),
  GITHUB_CLIENT_ID: clientId.optional().register(variableFacts, {
    kind: '1 to 500 characters',
    default: null,
    description: 'What this server is called at GitHub; with GITHUB_CLIENT_SECRET.',
  }),
  GITHUB_CLIENT_SECRET: secret.optional().register(variableFacts, {
    kind: '1 to 1,024 characters',
    default: null,
    description: 'Secret of GITHUB_CLIENT_ID.',
  }),
  GITHUB_URL: publicUrl.optional().register(variableFacts, {
    kind: 'an address such as https://github.example.org',
    default: null,
    description: 'A GitHub Enterprise Server to sign in with, in place of github.com.',
  }),
  ...OIDC_VARIABLES,
  AUTH_PROXY_HEADER: headerName.optional().register(variableFacts, {
    kind: 'the name of a header, such as Remote-User',
    default: null,
    description:
      'Header in which a reverse proxy says who has signed in there; believed from TRUST_PROXY only, and then without a password.',
  }),
  AUTH_PROXY_ADMIN_GROUP: nameAndValue(/^[A-Za-z0-9-]{1,100}$/)
    .optional()
    .register(variableFacts, {
      kind: 'a header and a group, such as Remote-Groups=reprise-admins',
      default: null,
      description:
        'Who has this group in this header is an admin, and who has not a user. By default, roles are given here.',
    }),
};

const oidcVariables = z.object(OIDC_VARIABLES);

type OidcVariables = z.infer<typeof oidcVariables>;
type SignInVariables = z.infer<z.ZodObject<typeof SIGN_IN_VARIABLES>>;

interface ProviderNames {
  /** In addresses and in the database: lower case, without spaces. */
  name: string;
  displayName: string;
}

export type ProviderSettings = ProviderNames & { clientId: string } & (
    | {
        kind: 'google' | 'github';
        clientSecret: string;
        /** Null for the usual one. */
        url: string | null;
      }
    | {
        kind: 'oidc';
        issuer: string;
        clientSecret: string | null;
        /** Who has it is an admin; a dot leads into an object. */
        adminClaim: { name: string; value: string } | null;
        /** Null: as REGISTRATION_ENABLED says. */
        registration: boolean | null;
      }
  );

export interface SignInEnv {
  signInProviders: readonly ProviderSettings[];
  /** Without a slash at the end. */
  frontendUrl: string | null;
  ssoLinkByEmail: boolean;
  authProxy: { header: string; adminGroup: { name: string; value: string } | null } | null;
}

const FURTHER_OIDC = new RegExp(`^(?:${Object.keys(OIDC_VARIABLES).join('|')})_(\\d{1,2})$`);

/** The numbers at the end of names of further OpenID Connect providers, as texts that begin with "_". */
export function oidcSuffixes(provided: Provided): string[] {
  const found = Object.keys(provided).flatMap((name) => FURTHER_OIDC.exec(name)?.[1] ?? []);
  return [...new Set(found)].sort((a, b) => Number(a) - Number(b)).map((number) => `_${number}`);
}

/** The variables of one further provider, under their names without the number. */
export function parseFurtherOidc(provided: Provided, suffix: string) {
  const own = Object.keys(OIDC_VARIABLES).map((name) => [name, provided[`${name}${suffix}`]] as const);
  return oidcVariables.safeParse(Object.fromEntries(own));
}

export function findSignInConflicts(provided: Provided): string[] {
  const mistakes: string[] = [];
  const together = (left: string, right: string) => {
    if (Boolean(provided[left]) !== Boolean(provided[right]))
      mistakes.push(`${left} and ${right} go together; set both, or neither.`);
  };
  together('GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET');
  together('GITHUB_CLIENT_ID', 'GITHUB_CLIENT_SECRET');
  for (const suffix of ['', ...oidcSuffixes(provided)])
    together(`OIDC_ISSUER${suffix}`, `OIDC_CLIENT_ID${suffix}`);
  if (provided['AUTH_PROXY_HEADER'] && !provided['TRUST_PROXY'])
    mistakes.push('AUTH_PROXY_HEADER requires TRUST_PROXY: anybody can send a header; set TRUST_PROXY.');
  if (provided['AUTH_PROXY_ADMIN_GROUP'] && !provided['AUTH_PROXY_HEADER'])
    mistakes.push('AUTH_PROXY_ADMIN_GROUP requires AUTH_PROXY_HEADER; set both, or neither.');
  const names = ['', ...oidcSuffixes(provided)].flatMap((suffix) =>
    provided[`OIDC_ISSUER${suffix}`] ? [namesOf(provided[`OIDC_NAME${suffix}`], suffix).name] : [],
  );
  const taken = ['google', 'github', ...names].find((name, at, all) => all.indexOf(name) !== at);
  if (taken !== undefined)
    mistakes.push(`OIDC_NAME: "${taken}" is the name of another provider; each needs one of its own.`);
  return mistakes;
}

function namesOf(displayName: string | undefined, suffix: string): ProviderNames {
  const name = (displayName ?? `oidc${suffix}`).toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return { name: name.replace(/-$/, ''), displayName: displayName ?? 'Single sign-on' };
}

/** `further`: of each further OpenID Connect provider, its suffix and variables. */
export function toSignInEnv(parsed: SignInVariables, further: readonly [string, OidcVariables][]): SignInEnv {
  const { AUTH_PROXY_HEADER: header, AUTH_PROXY_ADMIN_GROUP: adminGroup = null } = parsed;
  return {
    signInProviders: [
      ...fixedProviders(parsed),
      ...oidcProvider('', parsed),
      ...further.flatMap(([suffix, variables]) => oidcProvider(suffix, variables)),
    ],
    frontendUrl: parsed.FRONTEND_URL ?? null,
    ssoLinkByEmail: parsed.SSO_LINK_BY_EMAIL,
    authProxy: header === undefined ? null : { header, adminGroup },
  };
}

function fixedProviders(parsed: SignInVariables): ProviderSettings[] {
  const all = [
    {
      kind: 'google' as const,
      displayName: 'Google',
      clientId: parsed.GOOGLE_CLIENT_ID,
      clientSecret: parsed.GOOGLE_CLIENT_SECRET,
      url: parsed.GOOGLE_URL ?? null,
    },
    {
      kind: 'github' as const,
      displayName: 'GitHub',
      clientId: parsed.GITHUB_CLIENT_ID,
      clientSecret: parsed.GITHUB_CLIENT_SECRET,
      url: parsed.GITHUB_URL ?? null,
    },
  ];
  return all.flatMap(({ kind, displayName, clientId, clientSecret, url }) =>
    clientId === undefined || clientSecret === undefined
      ? []
      : [{ kind, name: kind, displayName, clientId, clientSecret, url }],
  );
}

function oidcProvider(suffix: string, variables: OidcVariables): ProviderSettings[] {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId } = variables;
  if (issuer === undefined || clientId === undefined) return [];
  return [
    {
      kind: 'oidc',
      ...namesOf(variables.OIDC_NAME, suffix),
      issuer,
      clientId,
      clientSecret: variables.OIDC_CLIENT_SECRET ?? null,
      adminClaim: variables.OIDC_ADMIN_CLAIM ?? null,
      registration: variables.OIDC_REGISTRATION ?? null,
    },
  ];
}
