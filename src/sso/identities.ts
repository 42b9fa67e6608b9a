import { requireSession } from '../auth/access-rules.js';
import { recordAudit, type Actor } from '../auth/audit-store.js';
import { ForbiddenError } from '../auth/errors.js';
import { followRole, makeOutsideUser, usernamesFor } from '../sign-in/outside-users.js';
import { findUser, lockUsers, type User } from '../auth/user-store.js';
import type { Access } from '../auth/viewer.js';
import { inTransaction } from '../database/prisma.js';
import type { Platform } from '../platform.js';
import {
  AccountTakenError,
  LastSignInMethodError,
  ProviderAlreadyLinkedError,
  ProviderNotLinkedError,
} from './errors.js';
import {
  createIdentity,
  deleteIdentity,
  findIdentityUser,
  findUsersByVerifiedEmail,
  listLinkedProviders,
  lockUser,
} from './identity-store.js';
import type { ProviderProfile, SignInProvider } from './provider.js';
import { getProvider, type SsoDeps } from './providers.js';

type IdentityDeps = Pick<Platform, 'db' | 'env'>;

/** Which provider says what of whom. */
interface Introduction {
  provider: SignInProvider;
  profile: ProviderProfile;
}

/**
 * The user of this account at the provider. An account that nobody here has gets a new user if the provider, or
 * REGISTRATION_ENABLED, lets people in; never the user of somebody who has the same name or e-mail address here, unless
 * SSO_LINK_BY_EMAIL says so and both addresses are verified.
 */
export async function findOrMakeUser(
  { db, env }: IdentityDeps,
  actor: Actor,
  { provider, profile }: Introduction,
): Promise<User> {
  const introduction = { provider, profile };
  const user =
    (await findIdentityUser(db, { provider: provider.name, subject: profile.subject })) ??
    (await linkByEmail({ db, env }, actor, introduction)) ??
    (await register({ db, env }, actor, introduction));
  return followRole(db, actor, { user, isAdmin: profile.isAdmin });
}

/** To the only user with this address, if it has no other account at the provider. */
async function linkByEmail(
  { db, env }: IdentityDeps,
  actor: Actor,
  { provider, profile: { email, subject } }: Introduction,
): Promise<User | null> {
  if (!env.ssoLinkByEmail || email === null) return null;
  const [user, ...others] = await findUsersByVerifiedEmail(db, email);
  if (!user || others.length > 0) return null;
  return inTransaction(db, async (tx) => {
    if (!(await createIdentity(tx, { provider: provider.name, subject, userId: user.id }))) return null;
    await recordAudit(tx, actor, { action: 'PROVIDER_LINKED', user, target: provider.name });
    return user;
  });
}

async function register(
  { db, env }: IdentityDeps,
  actor: Actor,
  { provider, profile }: Introduction,
): Promise<User> {
  const identity = { provider: provider.name, subject: profile.subject };
  return inTransaction(db, async (tx) => {
    await lockUsers(tx);
    // The same person may have come back twice at once.
    const existing = await findIdentityUser(tx, identity);
    if (existing) return existing;
    const { names, email, isAdmin } = profile;
    const mayRegister = provider.registration ?? env.registrationEnabled;
    const person = { usernames: usernamesFor(names), email, isAdmin, mayRegister };
    const user = await makeOutsideUser(tx, actor, person);
    if (await createIdentity(tx, { ...identity, userId: user.id })) return user;
    throw new AccountTakenError(provider.displayName);
  });
}

/** For the signed-in user who asked for it, whose session is still there. */
export async function linkIdentity(
  { db }: IdentityDeps,
  actor: Actor,
  { provider, profile, userId }: Introduction & { userId: string },
): Promise<void> {
  const identity = { provider: provider.name, subject: profile.subject };
  const user = await findUser(db, userId, {});
  if (!user) throw new ForbiddenError('Your user has been deleted meanwhile.');
  const owner = await findIdentityUser(db, identity);
  if (owner && owner.id !== userId) throw new AccountTakenError(provider.displayName);
  if (owner) return;
  await inTransaction(db, async (tx) => {
    if (!(await createIdentity(tx, { ...identity, userId })))
      throw new ProviderAlreadyLinkedError(provider.displayName);
    await recordAudit(tx, actor, { action: 'PROVIDER_LINKED', user, target: provider.name });
  });
}

/** Throws ProviderNotFoundError, ProviderNotLinkedError, LastSignInMethodError. */
export async function unlinkProvider(
  deps: IdentityDeps & SsoDeps,
  actor: Actor & { access: Access },
  name: string,
): Promise<void> {
  const { db, env, signInProviders } = deps;
  requireSession(env, actor);
  const { viewer } = actor;
  await inTransaction(db, async (tx) => {
    const user = await lockUser(tx, viewer.id);
    const linked = await listLinkedProviders(tx, viewer.id);
    if (!linked.includes(name)) {
      getProvider(deps, name);
      throw new ProviderNotLinkedError(name);
    }
    const others = signInProviders.filter((each) => each.name !== name && linked.includes(each.name));
    if (!user?.passwordHash && others.length === 0) throw new LastSignInMethodError(name);
    await deleteIdentity(tx, viewer.id, name);
    await recordAudit(tx, actor, { action: 'PROVIDER_UNLINKED', target: name });
  });
}
