import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import type { GraphqlContext } from '../context.js';
import { toConnection } from '../database/pagination.js';
import { builder } from '../graphql/builder.js';
import {
  createConnectionType,
  keysetPageArgs,
  keysetPageOf,
  lazyConnection,
  LONGEST_PAGE,
  pageComplexity,
  readPage,
} from '../graphql/connection.js';
import { distinct } from '../graphql/input-limits.js';
import { AUDIT_ACTIONS, countAudit, listAudit, type AuditAction, type AuditEntry } from './audit-store.js';
import { UserType } from './auth.graphql.js';
import { findUsers } from './user-store.js';

const DESCRIPTIONS: Record<AuditAction, string> = {
  SIGNED_IN: 'A user signed in, by password or by a provider.',
  SIGN_IN_FAILED:
    'A sign-in was refused: wrong name or password. In an hour, ten of one user and a hundred of unknown names are recorded.',
  SIGNED_OUT: 'A user ended their session.',
  SESSION_REUSED: 'An old refresh token came back, so it may have been stolen; its session was ended.',
  REGISTERED: 'A person created an account for themselves.',
  PASSWORD_CHANGED: 'A user changed their own password, which ended their other sessions.',
  PASSWORD_RESET: 'An admin set the password of the user in `target`.',
  USER_CREATED: 'The user in `target` was created, by an admin or at start.',
  USER_DELETED: 'An admin deleted the user in `target`.',
  USER_ROLE_CHANGED: 'An admin changed the role of the user in `target`.',
  API_KEY_CREATED: 'A user created an API key of the name in `target`.',
  API_KEY_REVOKED: 'The API key in `target` was revoked, by its owner or an admin.',
  PROVIDER_LINKED: 'A user linked the sign-in provider in `target`.',
  PROVIDER_UNLINKED: 'A user removed the link to the sign-in provider in `target`.',
  ACCOUNT_CREATED: 'An account at a catalog or source was added; `target` names it.',
  ACCOUNT_UPDATED: 'Secrets or region of the account in `target` were changed.',
  ACCOUNT_DELETED: 'The account in `target` and its secrets were deleted.',
  SPOTIFY_CONNECTED: 'An admin connected the Spotify user in `target`, whose playlists can be read since.',
  SPOTIFY_DISCONNECTED: 'An admin disconnected the Spotify account.',
  SETTINGS_CHANGED: 'An admin changed settings; `target` lists their names.',
  HISTORY_CLEANED_UP: 'An admin deleted old downloads from the history; `target` says how old.',
};

const AuditActionEnum = builder.enumType('AuditAction', {
  description: 'Actions that the audit log records.',
  values: Object.fromEntries(
    AUDIT_ACTIONS.map((value) => [value, { value, description: DESCRIPTIONS[value] }]),
  ),
});

/** Without cache: a subscription reuses one context for many results. */
const userLoader = createContextCache(
  ({ db }: GraphqlContext) =>
    new DataLoader((ids: readonly string[]) => findUsers(db, ids), { cache: false }),
);

const AuditEntryType = builder.objectRef<AuditEntry>('AuditEntry').implement({
  description: 'One action of a user or an attempt at one: who, what, when, from where.',
  fields: (t) => ({
    at: t.expose('createdAt', { type: 'DateTime', description: 'When the action took place.' }),
    action: t.field({
      type: AuditActionEnum,
      description: 'What was done, or attempted.',
      resolve: ({ action }) => action as AuditAction,
    }),
    username: t.exposeString('username', {
      description: 'Name of the user at that time; for a failed sign-in, the name that was typed.',
    }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: 'The user as of now; null when deleted, or when no user has that name.',
      resolve: ({ userId }, _args, context) => (userId === null ? null : userLoader(context).load(userId)),
    }),
    target: t.exposeString('target', {
      nullable: true,
      description: 'What the action was done to, such as a username or the name of an API key.',
    }),
    address: t.exposeString('address', {
      nullable: true,
      description:
        'IP address that the request came from; behind a proxy, what a trusted one reports. Null when unknown.',
    }),
    requestId: t.exposeString('requestId', {
      description: 'Id of the request, as in the server’s log and in the header `x-request-id`.',
    }),
  }),
});

const AuditConnection = createConnectionType('AuditEntry', AuditEntryType, 'the audit log');

const AuditFilterInput = builder.inputType('AuditFilter', {
  description: 'Selects entries of the audit log. All conditions must match; omitted ones match everything.',
  fields: (t) => ({
    actions: t.field({ type: [AuditActionEnum], description: 'Only entries of one of these actions.' }),
    username: t.string({ description: 'Only entries with exactly this username, for example `ada`.' }),
    since: t.field({ type: 'DateTime', description: 'Only entries of this time or later.' }),
    before: t.field({ type: 'DateTime', description: 'Only entries from before this time.' }),
  }),
});

builder.queryField('auditLog', (t) =>
  t.field({
    type: AuditConnection,
    authScopes: { ADMIN: true },
    description: 'What users did that concerns security, newest first.',
    args: {
      filter: t.arg({
        type: AuditFilterInput,
        description: 'Restricts the audit log, for example to failed sign-ins.',
      }),
      ...keysetPageArgs(t, LONGEST_PAGE),
    },
    complexity: pageComplexity,
    resolve: (_root, { filter: input, ...args }, context) => {
      const page = keysetPageOf(args, LONGEST_PAGE);
      const filter = {
        actions: distinct(input?.actions),
        username: input?.username ?? null,
        since: input?.since ?? null,
        before: input?.before ?? null,
      };
      const { offset, size: limit } = page;
      return lazyConnection({
        size: page.size,
        read: async () =>
          toConnection(await readPage(context, { offset, limit }, (db) => listAudit(db, filter, page)), page),
        totalCount: () => readPage(context, { offset: 0, searches: true }, (db) => countAudit(db, filter)),
      });
    },
  }),
);
