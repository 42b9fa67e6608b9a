import { v7 as timeOrderedUuid } from 'uuid';
import type { Db } from '../database/prisma.js';
import { keysetSql, type KeysetPage } from '../database/pagination.js';
import { Prisma, type AuditEntry } from '../generated/prisma/client.js';
import { toOneLine } from '../lib/formats.js';
import { isSignedIn } from './access-rules.js';
import type { Viewer } from './viewer.js';

export type { AuditEntry };

export const AUDIT_ACTIONS = [
  'SIGNED_IN',
  'SIGN_IN_FAILED',
  'SIGNED_OUT',
  'SESSION_REUSED',
  'REGISTERED',
  'PASSWORD_CHANGED',
  'PASSWORD_RESET',
  'USER_CREATED',
  'USER_DELETED',
  'USER_ROLE_CHANGED',
  'API_KEY_CREATED',
  'API_KEY_REVOKED',
  'PROVIDER_LINKED',
  'PROVIDER_UNLINKED',
  'ACCOUNT_CREATED',
  'ACCOUNT_UPDATED',
  'ACCOUNT_DELETED',
  'SPOTIFY_CONNECTED',
  'SPOTIFY_DISCONNECTED',
  'SETTINGS_CHANGED',
  'HISTORY_CLEANED_UP',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Who does something, and from where; every GraphQL context is one. */
export interface Actor {
  viewer: Viewer;
  request: { requestId: string; address: string | null };
}

interface Deed {
  action: AuditAction;
  /** What it was done to: a username, the name of a key or an account. */
  target?: string | null;
  /** Where nobody is signed in: who it is about. */
  user?: { id: string | null; username: string };
}

/** In the transaction that it is about, where there is one. */
export async function recordAudit(
  db: Db,
  { viewer, request }: Actor,
  { action, target = null, user }: Deed,
): Promise<void> {
  const { id, username } = user ?? { id: isSignedIn(viewer) ? viewer.id : null, username: viewer.username };
  if (action === 'SIGN_IN_FAILED' && !(await hasRoomForFailure(db, id))) return;
  const { requestId, address } = request;
  await db.auditEntry.create({
    data: {
      id: timeOrderedUuid(),
      action,
      target: target && printable(target),
      userId: id,
      username: printable(username),
      requestId: printable(requestId),
      address: address && printable(address),
    },
  });
}

/** Longer than any username, and than any name of a key or an account. */
const MAX_CHARS = 200;

/** Anyone can fail to sign in, with any text for a name: it must not pass for another line, or for another name. */
function printable(text: string): string {
  const start = toOneLine(text.slice(0, MAX_CHARS));
  return text.length > MAX_CHARS ? `${start}…` : start;
}

const FAILURES_OF_A_USER = 10;
/** Of all names together that no user has: invented ones leave room for attempts against real ones. */
const FAILURES_OF_NOBODY = 100;

/** In the last hour, about: those recorded at the same moment are not counted. */
async function hasRoomForFailure(db: Db, userId: string | null): Promise<boolean> {
  const limit = userId === null ? FAILURES_OF_NOBODY : FAILURES_OF_A_USER;
  const [row] = await db.$queryRaw<{ n: number }[]>`
    SELECT count(*)::int AS n FROM "AuditEntry"
    WHERE "action" = 'SIGN_IN_FAILED' AND "createdAt" > now() - interval '1 hour'
      AND "userId" IS NOT DISTINCT FROM ${userId}::uuid`;
  return (row?.n ?? 0) < limit;
}

export interface AuditFilter {
  actions: readonly AuditAction[] | null;
  username: string | null;
  since: Date | null;
  before: Date | null;
}

/** Newest first; one more than the page has if there are more. */
export function listAudit(db: Db, filter: AuditFilter, page: KeysetPage): Promise<AuditEntry[]> {
  const { within, orderBy } = keysetSql('NEWEST_FIRST', page);
  const inTime = Prisma.sql`${timesOf(filter)} ${within}`;
  const limit = Prisma.sql`${orderBy} LIMIT ${page.size + 1} OFFSET ${page.offset}`;
  if (filter.username !== null) {
    return db.$queryRaw<AuditEntry[]>`
      SELECT * FROM "AuditEntry" WHERE ${matching(filter)} ${inTime} ${limit}`;
  }
  // Each action by its own range of the index: rare ones are found without reading the frequent ones.
  return db.$queryRaw<AuditEntry[]>`
    SELECT entry.* FROM unnest(${actionsOf(filter)}::text[]) AS chosen("name") CROSS JOIN LATERAL (
      SELECT * FROM "AuditEntry" WHERE "action" = chosen."name" ${inTime}
      ${orderBy} LIMIT ${page.offset + page.size + 1}
    ) AS entry ${limit}`;
}

export async function countAudit(db: Db, filter: AuditFilter): Promise<number> {
  const [row] = await db.$queryRaw<{ n: bigint }[]>`
    SELECT count(*) AS n FROM "AuditEntry" WHERE ${matching(filter)} ${timesOf(filter)}`;
  return Number(row?.n ?? 0);
}

/** Entries of another version's actions are left out: the schema has no value for them. */
const actionsOf = ({ actions }: AuditFilter): string[] => [...(actions ?? AUDIT_ACTIONS)];

function matching(filter: AuditFilter): Prisma.Sql {
  const { username } = filter;
  const ofUser = username === null ? Prisma.empty : Prisma.sql`AND "username" = ${username}`;
  return Prisma.sql`"action" = ANY (${actionsOf(filter)}::text[]) ${ofUser}`;
}

function timesOf({ since, before }: AuditFilter): Prisma.Sql {
  return Prisma.sql`${since ? Prisma.sql`AND "createdAt" >= ${since}` : Prisma.empty}
    ${before ? Prisma.sql`AND "createdAt" < ${before}` : Prisma.empty}`;
}
