import { mayUse } from '../auth/access-rules.js';
import { builder, enumTypeOf } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { parseRowId } from '../graphql/node-id.js';
import { findAccount, listAccounts, listRegions, type Account, type AccountKey } from './account-store.js';
import { accountCheckStatus, type AccountCheck } from './check-account.js';
import {
  AccountNameTakenError,
  AccountNotFoundError,
  SecretUnreadableError,
  UnknownServiceError,
} from './errors.js';
import { marketsWith } from './markets.js';
import { getService, secretNamesOf, serviceOf, SERVICES, SPOTIFY_APP, SPOTIFY_APP_NAME } from './services.js';

const SERVICE_NAMES = SERVICES.map(({ name }) => name);
export const SERVICES_ALLOWED = SERVICE_NAMES.map((name) => `\`${name}\``).join(' or ');
export const ACCOUNT_ID_FORMS = '`Account:<uuid>`, or its service and name, for example `spotify/main`';

/** `<service>/<name>` too. Throws InvalidInputError or UnknownServiceError. */
export function parseAccountKey(raw: string): AccountKey {
  const slash = raw.indexOf('/');
  if (slash === -1) return { id: parseRowId('Account', raw) };
  const { name } = getService(raw.slice(0, slash));
  return { service: name, name: raw.slice(slash + 1) };
}

interface Hint {
  secret: string;
  hint: string;
}

const AccountHint = builder.objectRef<Hint>('AccountHint').implement({
  description: 'A secret that an account has, without the secret itself.',
  fields: (t) => ({
    secret: t.exposeString('secret', {
      description: 'Name of the secret as in `AccountSecretsInput`, for example `clientSecret`.',
    }),
    hint: t.exposeString('hint', {
      description:
        'The last four characters, for example `…4f2a`; `…` where even those are not shown. The client id of the Spotify app is shown whole.',
    }),
  }),
});

export const AccountType = builder.node(builder.objectRef<Account>('Account'), {
  description:
    'Access to a catalog or source that the owner of this server has there. Its secrets are stored encrypted and never returned.',
  authScopes: { ADMIN: true },
  id: { resolve: ({ id }) => id, description: 'Permanent id of the form `Account:<uuid>`.' },
  brandLoadedObjects: true,
  loadOne: (id, { db, viewer }) => {
    const key = { id: parseRowId('Account', id) };
    return mayUse(viewer, 'ADMIN') ? findAccount(db, key) : Promise.resolve(null);
  },
  fields: (t) => ({
    service: t.exposeString('service', {
      description: `${SERVICES_ALLOWED}; \`${SPOTIFY_APP.name}\` for the Spotify app of the server.`,
    }),
    name: t.exposeString('name', { description: 'Name of the account, unique within its service.' }),
    region: t.exposeString('region', {
      nullable: true,
      description: 'Country of the account in ISO 3166-1, for example `DE`; null if it is unknown.',
    }),
    hints: t.field({
      type: [AccountHint],
      description: 'The secrets that are stored, recognizable by their ends.',
      resolve: ({ hints }) => secretNamesOf(hints).map((secret) => ({ secret, hint: hints[secret] ?? '' })),
    }),
    hasSecret: t.boolean({
      description: 'Whether the account has any secret that is not shown.',
      resolve: ({ hints }) => secretNamesOf(hints).length > 0,
    }),
    isActive: t.boolean({
      description: 'Whether the settings name this account as the one to use, see `spotifyAccount`.',
      resolve: (account, _args, { settings }) => {
        const { activeSetting } = serviceOf(account);
        return activeSetting !== null && settings()[activeSetting] === account.name;
      },
    }),
    usedForAudio: t.boolean({
      description: 'Whether audio is downloaded by this account; false for Spotify and Deezer.',
      resolve: (account) => serviceOf(account).usedForAudio,
    }),
    note: t.string({
      description: 'What accounts of this service are used for, in plain English.',
      resolve: (account) => serviceOf(account).note,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the account was added.' }),
    updatedAt: t.expose('updatedAt', {
      type: 'DateTime',
      description: 'When its secrets or region were last changed.',
    }),
  }),
});

export const AccountCheckType = builder.objectRef<AccountCheck>('AccountCheck').implement({
  description: 'Result of asking a service whether it accepts an account.',
  fields: (t) => ({
    status: t.expose('status', {
      type: enumTypeOf(accountCheckStatus),
      description: 'Whether the secrets were accepted, as far as that is known.',
    }),
    message: t.exposeString('message', { description: 'Explains the status in plain English.' }),
    account: t.expose('account', { type: AccountType, description: 'The account that was checked.' }),
  }),
});

builder.objectType(UnknownServiceError, {
  name: 'ServiceUnknown',
  description: 'Returned when no service of that name takes accounts; the message lists those that do.',
  interfaces: [ErrorInterface],
});

builder.objectType(AccountNotFoundError, {
  name: 'AccountNotFound',
  description: 'Returned when there is no such account; `accounts` lists those that exist.',
  interfaces: [ErrorInterface],
});

builder.objectType(AccountNameTakenError, {
  name: 'AccountNameTaken',
  description: 'Returned when the service has an account of that name already, which stays as it was.',
  interfaces: [ErrorInterface],
});

builder.objectType(SecretUnreadableError, {
  name: 'SecretUnreadable',
  description:
    'Returned when stored secrets cannot be decrypted: SECRET_KEY is another one, or the database was changed by hand. Enter all secrets of the account again.',
  interfaces: [ErrorInterface],
});

const serviceArgument = (description: string) => ({ description: `${description} ${SERVICES_ALLOWED}.` });

builder.queryFields((t) => ({
  accounts: t.field({
    type: [AccountType],
    authScopes: { ADMIN: true },
    description: 'Accounts at catalogs and sources, by service and name.',
    args: { service: t.arg.string(serviceArgument('Only accounts of this service:')) },
    resolve: (_root, { service }, { db }) =>
      listAccounts(db, typeof service === 'string' ? [getService(service).name] : SERVICE_NAMES),
  }),
  account: t.field({
    type: AccountType,
    nullable: true,
    authScopes: { ADMIN: true },
    description: 'One account; null when it does not exist.',
    args: {
      id: t.arg.id({ required: true, description: `Id of the account to fetch: ${ACCOUNT_ID_FORMS}.` }),
    },
    resolve: (_root, { id }, { db }) => findAccount(db, parseAccountKey(id)),
  }),
  spotifyApp: t.field({
    type: AccountType,
    nullable: true,
    authScopes: { ADMIN: true },
    description: 'The app by which this server uses the API of Spotify; null when no app is set.',
    resolve: (_root, _args, { db }) => findAccount(db, { service: SPOTIFY_APP.name, name: SPOTIFY_APP_NAME }),
  }),
  markets: t.stringList({
    authScopes: { ADMIN: true },
    description: 'Countries in ISO 3166-1 that an account can be of, those of existing accounts first.',
    args: { service: t.arg.string(serviceArgument('First the countries of accounts of this service:')) },
    resolve: async (_root, { service }, { db }) => {
      const services = typeof service === 'string' ? [getService(service).name] : SERVICE_NAMES;
      return marketsWith(await listRegions(db, services));
    },
  }),
}));
