import { SYSTEM_VIEWER, type Viewer } from './auth/viewer.js';
import type { Deps } from './deps.js';
import type { ContextRequest } from './graphql/context-request.js';

/** What every resolver gets: the world, who asks, and when to stop. */
export interface GraphqlContext extends Deps {
  viewer: Viewer;
  requestId: string;
  /** Aborts when the caller goes away. */
  signal: AbortSignal;
}

/** The one place where it is decided who the viewer is, for HTTP, WebSocket and REST alike. */
export function createContextFactory(deps: Deps): (request: ContextRequest) => GraphqlContext {
  return ({ requestId, signal }) => ({
    ...deps,
    log: deps.log.child({ requestId }),
    viewer: SYSTEM_VIEWER,
    requestId,
    signal,
  });
}
