import { SYSTEM_VIEWER, type Viewer } from './auth/viewer.js';
import type { Deps } from './deps.js';
import type { ContextRequest } from './graphql/context-request.js';

export interface GraphqlContext extends Deps {
  viewer: Viewer;
  requestId: string;
  signal: AbortSignal;
}

/** The only place that decides who the viewer is, for HTTP, WebSocket and REST. */
export function createContextFactory(deps: Deps): (request: ContextRequest) => GraphqlContext {
  return ({ requestId, signal }) => ({
    ...deps,
    log: deps.log.child({ requestId }),
    viewer: SYSTEM_VIEWER,
    requestId,
    signal,
  });
}
