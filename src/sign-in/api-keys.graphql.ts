import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { encodeNodeId, parseOptionalId, parseRowId } from '../graphql/node-id.js';
import { InvalidInputError } from '../lib/errors.js';
import { keysVisibleTo, maySee } from '../auth/access-rules.js';
import { listKeysOf, type ApiKey } from './api-key-store.js';
import {
  API_KEY_PREFIX,
  createApiKey,
  MAX_API_KEYS,
  MAX_DAYS,
  MAX_NAME_CHARS,
  revokeApiKey,
} from './api-keys.js';
import {
  ApiKeyNotFoundError,
  AuthDisabledError,
  ForbiddenError,
  ApiKeyNameTakenError,
} from '../auth/errors.js';

const ApiScopeEnum = builder.enumType('ApiScope', {
  description: 'What an API key may do. A key never may more than its owner.',
  values: {
    READ: { description: 'Search catalogs, read and follow its owner’s tasks and history, read settings.' },
    DOWNLOAD: { description: 'Queue downloads in its owner’s name; see what was queued.' },
    MANAGE: { description: 'Cancel, pause, retry and dismiss its owner’s tasks, and change watches.' },
    ADMIN: {
      description:
        'Everything that an admin may, other users’ tasks and settings included; for an owner who is not an admin, nothing.',
    },
  },
});

const ApiKeyType = builder.prismaNode('ApiKey', {
  description: 'A key for scripts and other programs. They send it as `Authorization: Bearer <key>`.',
  id: { field: 'id', description: 'Permanent id of the form `ApiKey:<uuid>`; not the key itself.' },
  nullable: true,
  findUnique: (id, { viewer }) => ({ id: parseRowId('ApiKey', id), ...keysVisibleTo(viewer) }),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What its owner calls the key, such as `backup script`.' }),
    hint: t.exposeString('hint', { description: 'Last four characters of the key, to tell keys apart.' }),
    scopes: t.expose('scopes', {
      type: [ApiScopeEnum],
      description: 'What the key may do, within what its owner may.',
    }),
    owner: t.relation('user', { description: 'The user on whose behalf the key acts.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the API key was created.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'From when the key is refused; null if it does not expire.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Minute of the latest request with the key; null if there was none.',
    }),
  }),
});

builder.objectType(ApiKeyNotFoundError, {
  name: 'ApiKeyNotFound',
  description: 'Returned when no API key of yours has this id; it may have been revoked already.',
  interfaces: [ErrorInterface],
});

builder.objectType(ApiKeyNameTakenError, {
  name: 'ApiKeyNameTaken',
  description: 'Returned when another API key of yours has the name; choose a different one.',
  interfaces: [ErrorInterface],
});

builder.queryField('apiKeys', (t) =>
  t.prismaField({
    type: [ApiKeyType],
    description: 'API keys, newest first: your own, or those of one user for admins.',
    args: {
      userId: t.arg.id({
        description:
          'User whose keys to list, for example `User:5f0c…`; you, if omitted. Empty without the right.',
      }),
    },
    complexity: { field: 1, multiplier: MAX_API_KEYS },
    resolve: (query, _root, { userId }, { db, viewer }) => {
      const ownerId = parseOptionalId('User', userId, 'userId') ?? viewer.id;
      return maySee(viewer, { ownerId }) ? listKeysOf(db, ownerId, query) : [];
    },
  }),
);

const ApiKeyCreatedType = builder.objectRef<{ apiKey: ApiKey; key: string }>('ApiKeyCreated').implement({
  description: 'The key was created. Copy `key` now: the server keeps only a hash of it.',
  fields: (t) => ({
    key: t.exposeString('key', {
      description: `The key itself, which begins with \`${API_KEY_PREFIX}\`. It is returned only here.`,
    }),
    apiKey: t.field({
      type: ApiKeyType,
      description: 'Name, scopes and expiry of the key.',
      resolve: ({ apiKey }) => apiKey,
    }),
  }),
});

const ApiKeyRevokedType = builder.objectRef<ApiKey>('ApiKeyRevoked').implement({
  description: 'The key is refused from now on, and its open connections are closed.',
  fields: (t) => ({
    id: t.id({
      description: 'Id of the key that is gone, of the form `ApiKey:<uuid>`.',
      resolve: ({ id }) => encodeNodeId('ApiKey', id),
    }),
    name: t.exposeString('name', { description: 'Name that the key had; it can be given to another now.' }),
  }),
});

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'Name, scopes and expiry of a new API key.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `Name to recognize it by, 1 to ${MAX_NAME_CHARS} characters; each of your keys has its own.`,
    }),
    scopes: t.field({
      type: [ApiScopeEnum],
      required: true,
      description:
        'What the key shall be allowed, for example `[READ, DOWNLOAD]`. Only admins may grant `ADMIN`.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'From when the key shall be refused. Without this and `days` it does not expire.',
    }),
    days: t.int({
      description: `Days until the key expires, 1 to ${MAX_DAYS.toLocaleString('en-US')}; in place of \`expiresAt\`.`,
    }),
  }),
});

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: ApiKeyCreatedType,
    authScopes: { signedIn: true },
    description: `Creates an API key for yourself, of which you may have ${MAX_API_KEYS}. Not possible with an API key.`,
    args: {
      input: t.arg({
        type: CreateApiKeyInput,
        required: true,
        description: 'What the new key is called and may do.',
      }),
    },
    errors: {
      types: [ApiKeyNameTakenError, InvalidInputError, ForbiddenError, AuthDisabledError],
      union: { name: 'CreateApiKeyResult', description: 'The new API key, or why it was not created.' },
    },
    resolve: (_root, { input }, context) => createApiKey(context, context, input),
  }),
  revokeApiKey: t.field({
    type: ApiKeyRevokedType,
    authScopes: { signedIn: true },
    description:
      'Revokes an API key of yours at once, on all processes; admins can revoke any. Not possible with an API key.',
    args: {
      id: t.arg.id({ required: true, description: 'Id of the key, for example `ApiKey:5f0c…`.' }),
    },
    errors: {
      types: [ApiKeyNotFoundError, ForbiddenError, AuthDisabledError],
      union: { name: 'RevokeApiKeyResult', description: 'The revoked API key, or why nothing was revoked.' },
    },
    resolve: (_root, { id }, context) => revokeApiKey(context, context, parseRowId('ApiKey', id)),
  }),
}));
