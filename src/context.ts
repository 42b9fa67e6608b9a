import { mayUse, refusalFor, isSignedIn } from './auth/access-rules.js';
import { createIdentifier } from './sign-in/identify.js';
import type { FollowAccess } from './sign-in/live-access.js';
import type { Access, Viewer } from './auth/viewer.js';
import type { Deps } from './deps.js';
import type { ContextRequest } from './graphql/context-request.js';
import type { DomainError } from './lib/errors.js';

/** What a field may require (graphql/builder.ts). */
export interface Permissions {
  signedIn: boolean;
  READ: boolean;
  DOWNLOAD: boolean;
  MANAGE: boolean;
  ADMIN: boolean;
}

export interface GraphqlContext extends Deps {
  /** ANONYMOUS if nobody has signed in. */
  viewer: Viewer;
  access: Access;
  permissions: Permissions;
  /** Why a field is refused that requires more. */
  refusal: () => DomainError;
  request: ContextRequest;
  requestId: string;
  signal: AbortSignal;
  /** For connections that stay open. */
  followAccess: FollowAccess | null;
}

/** The only place that decides who the viewer is, for HTTP, WebSocket and REST. */
export function createContextFactory(deps: Deps): (request: ContextRequest) => Promise<GraphqlContext> {
  const identify = createIdentifier(deps);
  return async (request) => {
    const { requestId, signal } = request;
    const access = await identify(request);
    const { viewer } = access;
    return {
      ...deps,
      log: deps.log.child({ requestId }),
      viewer,
      access,
      permissions: permissionsOf(viewer),
      refusal: () => access.problem ?? refusalFor(viewer),
      request,
      requestId,
      signal,
      followAccess: deps.liveAccess.follow(access),
    };
  };
}

export function permissionsOf(viewer: Viewer): Permissions {
  return {
    signedIn: isSignedIn(viewer),
    READ: mayUse(viewer, 'READ'),
    DOWNLOAD: mayUse(viewer, 'DOWNLOAD'),
    MANAGE: mayUse(viewer, 'MANAGE'),
    ADMIN: mayUse(viewer, 'ADMIN'),
  };
}
