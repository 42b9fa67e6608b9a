import { useCSRFPrevention } from '@graphql-yoga/plugin-csrf-prevention';
import type { Plugin } from 'graphql-yoga';
import { refusalResponse } from './json-body.js';

/** Any of these, with any value, shows that the browser asked us (CORS preflight, always refused) first. */
const CSRF_HEADERS = ['graphql-require-preflight', 'apollo-require-preflight', 'x-graphql-yoga-csrf'];

/**
 * A page elsewhere can make a browser send GET, and POST of the types that HTML forms know, with our cookies.
 * Such requests need a header that a page cannot add without leave.
 */
export function useCsrfRefusal(): Plugin {
  const rule = useCSRFPrevention({ requestHeaders: CSRF_HEADERS }) as Plugin;
  return {
    onRequestParse(payload) {
      try {
        return rule.onRequestParse?.(payload);
      } catch {
        payload.endResponse(
          refusalResponse(payload.fetchAPI, {
            status: 403,
            code: 'CSRF_HEADER_MISSING',
            message: `Send content-type: application/json, or the header ${CSRF_HEADERS[0]}: 1.`,
          }),
        );
      }
    },
  };
}
