import type { Plugin } from 'graphql-yoga';
import type { ContextRequest } from './context-request.js';
import { endable } from './endable.js';

/** What a context may say of the viewer's access. */
export interface AccessContext {
  viewer?: { id: string };
  /** `problem`: why the token that was sent is not accepted. */
  access?: { problem: Error | null };
  /** Calls `onEnd` when the viewer's access ends or changes, and returns how to stop that; null if it cannot. */
  followAccess?: ((onEnd: () => void) => () => void) | null;
}

type Context = AccessContext & { contextRequest?: Pick<ContextRequest, 'transport'> };

/** Ends the subscriptions of event streams with the viewer's access. A WebSocket is closed as a whole (websocket.ts). */
export function useLiveAccess(): Plugin {
  return {
    onSubscribe: ({ args }) => ({
      onSubscribeResult({ result, setResult }) {
        const { followAccess, contextRequest } = args.contextValue as Context;
        if (!followAccess || contextRequest?.transport === 'websocket') return;
        if (!(Symbol.asyncIterator in result)) return;
        const stream = endable(result, () => stop());
        const stop = followAccess(() => void stream.return?.());
        setResult(stream);
      },
    }),
  };
}
