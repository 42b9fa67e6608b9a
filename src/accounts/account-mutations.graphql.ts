import { builder } from '../graphql/builder.js';
import { InvalidInputError } from '../lib/errors.js';
import type { Account } from './account-store.js';
import {
  ACCOUNT_ID_FORMS,
  AccountCheckType,
  AccountType,
  parseAccountKey,
  SERVICES_ALLOWED,
} from './accounts.graphql.js';
import {
  createAccount,
  deleteAccount,
  setActiveAccount,
  setSpotifyApp,
  updateAccount,
} from './change-accounts.js';
import { checkAccount } from './check-account.js';
import {
  AccountNameTakenError,
  AccountNotFoundError,
  SecretUnreadableError,
  UnknownServiceError,
} from './errors.js';
import { secretNamesOf, SECRETS, SERVICES, type SecretName } from './services.js';

/** `Spotify` or `Spotify, Deezer`: who takes the secret. */
const takersOf = (name: SecretName) =>
  SERVICES.filter(({ secrets }) => secrets[name] !== undefined)
    .map(({ title }) => title)
    .join(', ');

const AccountSecretsInput = builder.inputType('AccountSecretsInput', {
  description:
    'Secrets of an account. Those that are omitted, null, empty, or equal to their hint keep their value.',
  fields: (t) => {
    const fields = secretNamesOf(SECRETS).map((name) => {
      const { description, rule } = SECRETS[name];
      return [name, t.string({ description: `${takersOf(name)}: ${description} It ${rule}` })] as const;
    });
    return Object.fromEntries(fields) as Record<SecretName, (typeof fields)[number][1]>;
  },
});

const CreateAccountInput = builder.inputType('CreateAccountInput', {
  description: 'A new account at a catalog or source.',
  fields: (t) => ({
    service: t.string({ required: true, description: `Where the account is: ${SERVICES_ALLOWED}.` }),
    name: t.string({
      required: true,
      description:
        'Name to tell accounts of the service apart: 1 to 64 letters, digits, ".", "_" or "-", and not only dots.',
    }),
    region: t.string({
      description: 'Country of the new account in two letters (ISO 3166-1), for example `DE`.',
    }),
    secrets: t.field({
      type: AccountSecretsInput,
      required: true,
      description: 'For Spotify `clientId` and `clientSecret`, or `blobContent`; for Deezer `arl`.',
    }),
  }),
});

const UpdateAccountInput = builder.inputType('UpdateAccountInput', {
  description: 'What to change of an account; the rest stays as it is.',
  fields: (t) => ({
    region: t.string({ description: 'Another country in two letters (ISO 3166-1); empty for none.' }),
    secrets: t.field({ type: AccountSecretsInput, description: 'New secrets, in place of the stored ones.' }),
  }),
});

const SpotifyAppInput = builder.inputType('SpotifyAppInput', {
  description:
    'Client id and secret of an app registered at developer.spotify.com. One that is omitted, null or empty keeps its value; both are needed the first time.',
  fields: (t) => ({
    clientId: t.string({ description: 'Client id that the dashboard of Spotify shows.' }),
    clientSecret: t.string({ description: 'Client secret that the dashboard of Spotify shows.' }),
  }),
});

const changedType = (name: string, texts: { whole: string; account: string }) =>
  builder.objectRef<Account>(name).implement({
    description: texts.whole,
    fields: (t) => ({
      account: t.field({ type: AccountType, description: texts.account, resolve: (account) => account }),
    }),
  });

const result = (name: string, description: string) => ({ name, description });
const idArgument = (purpose: string) =>
  ({ required: true, description: `Id of the account ${purpose}: ${ACCOUNT_ID_FORMS}.` }) as const;
const ID_ERRORS = [InvalidInputError, UnknownServiceError, AccountNotFoundError];

builder.mutationFields((t) => ({
  createAccount: t.field({
    type: changedType('AccountCreated', {
      whole: 'The account was stored; its secrets are encrypted.',
      account: 'The new account, without its secrets.',
    }),
    authScopes: { ADMIN: true },
    description: 'Adds an account. The first of a service becomes the active one.',
    args: { input: t.arg({ type: CreateAccountInput, required: true, description: 'The account to add.' }) },
    errors: {
      types: [InvalidInputError, UnknownServiceError, AccountNameTakenError],
      union: result('CreateAccountResult', 'The new account, or why it was not added.'),
    },
    resolve: (_root, { input }, context) =>
      createAccount(context, context, { ...input, region: input.region ?? null }),
  }),
  updateAccount: t.field({
    type: changedType('AccountUpdated', {
      whole: 'The change of the account was stored.',
      account: 'The account as it is now, without its secrets.',
    }),
    authScopes: { ADMIN: true },
    description: 'Changes the region or secrets of an account.',
    args: {
      id: t.arg.id(idArgument('to change')),
      input: t.arg({
        type: UpdateAccountInput,
        required: true,
        description: 'New region and secrets of the account.',
      }),
    },
    errors: {
      types: [...ID_ERRORS, SecretUnreadableError],
      union: result('UpdateAccountResult', 'The changed account, or why it was not changed.'),
    },
    resolve: (_root, { id, input }, context) => {
      const { region = null, secrets } = input;
      return updateAccount(context, context, { key: parseAccountKey(id), region, secrets: secrets ?? {} });
    },
  }),
  deleteAccount: t.field({
    type: changedType('AccountDeleted', {
      whole: 'The account and its secrets were deleted.',
      account: 'The account as it was before it was deleted.',
    }),
    authScopes: { ADMIN: true },
    description: 'Deletes an account. If it was the active one, its service has none afterwards.',
    args: { id: t.arg.id(idArgument('to delete')) },
    errors: {
      types: ID_ERRORS,
      union: result('DeleteAccountResult', 'The deleted account, or why it was not deleted.'),
    },
    resolve: (_root, { id }, context) => deleteAccount(context, context, parseAccountKey(id)),
  }),
}));

builder.mutationFields((t) => ({
  setActiveAccount: t.field({
    type: changedType('AccountActivated', {
      whole: 'The settings name this account now.',
      account: 'The account that is active now.',
    }),
    authScopes: { ADMIN: true },
    description: 'Makes an account the active one of its service.',
    args: { id: t.arg.id(idArgument('to use from now on')) },
    errors: {
      types: ID_ERRORS,
      union: result('SetActiveAccountResult', 'The active account, or why it was not made active.'),
    },
    resolve: (_root, { id }, context) => setActiveAccount(context, context, parseAccountKey(id)),
  }),
  checkAccount: t.field({
    type: AccountCheckType,
    authScopes: { ADMIN: true },
    description: 'Asks the service whether it accepts the secrets of an account; changes nothing.',
    args: { id: t.arg.id(idArgument('to check')) },
    errors: {
      types: [...ID_ERRORS, SecretUnreadableError],
      union: result('CheckAccountResult', 'Whether the account works, or why that cannot be checked.'),
    },
    resolve: (_root, { id }, context) =>
      checkAccount(context, context.viewer, { key: parseAccountKey(id), signal: context.signal }),
  }),
  setSpotifyApp: t.field({
    type: changedType('SpotifyAppUpdated', {
      whole: 'Client id and secret of the Spotify app were stored.',
      account: 'The Spotify app as it is now, without its secret.',
    }),
    authScopes: { ADMIN: true },
    description: 'Sets the app by which this server uses the API of Spotify.',
    args: {
      input: t.arg({
        type: SpotifyAppInput,
        required: true,
        description: 'Client id and client secret of the app.',
      }),
    },
    errors: {
      types: [InvalidInputError, SecretUnreadableError],
      union: result('SetSpotifyAppResult', 'The Spotify app, or why it was not stored.'),
    },
    resolve: (_root, { input }, context) => setSpotifyApp(context, context, input),
  }),
}));
