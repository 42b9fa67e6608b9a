import type { z } from 'zod';
import { onOff, pageDirectory, variableFacts } from './lib/env-values.js';

/* Variables about what browsers are shown. */

export const PAGE_VARIABLES = {
  UI_DIR: pageDirectory.optional().register(variableFacts, {
    kind: 'a directory with a file "index.html"',
    default: null,
    description:
      'A built single-page client that is served at `/`; every page of it that has no file is its `index.html`. Its files are public.',
  }),
  GRAPHIQL: onOff.default(true).register(variableFacts, {
    kind: 'true or false',
    default: 'true',
    description:
      'Whether GraphiQL, introspection, `/schema.graphql` and `/possible-types.json` are available.',
  }),
};

export interface PageEnv {
  uiDir: string | null;
  graphiql: boolean;
}

export function toPageEnv(parsed: z.infer<z.ZodObject<typeof PAGE_VARIABLES>>): PageEnv {
  return { uiDir: parsed.UI_DIR ?? null, graphiql: parsed.GRAPHIQL };
}
