import type { ContextRequest } from '../graphql/context-request.js';
import type { Platform } from '../platform.js';
import type { UnauthenticatedError } from './errors.js';
import { ANONYMOUS, SYSTEM_VIEWER, type Viewer } from './viewer.js';

/** Who a request comes from, and by what. */
export interface Access {
  viewer: Viewer;
  /** What is looked up again when the user's access changes; null for the user `system` and for nobody. */
  credential: { kind: 'session' | 'apiKey'; id: string } | null;
  expiresAt: Date | null;
  /** Why a token or key that was sent is not accepted. */
  problem: UnauthenticatedError | null;
}

const AUTH_OFF: Access = { viewer: SYSTEM_VIEWER, credential: null, expiresAt: null, problem: null };
const NOBODY: Access = { viewer: ANONYMOUS, credential: null, expiresAt: null, problem: null };

/** Once per request, however many documents it runs. */
export function createIdentifier({
  env,
}: Pick<Platform, 'env'>): (request: ContextRequest) => Promise<Access> {
  if (!env.authEnabled) return () => Promise.resolve(AUTH_OFF);
  return () => Promise.resolve(NOBODY);
}
