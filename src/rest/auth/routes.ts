import { z } from 'zod';
import { graphql } from '../../generated/documents/gql.js';
import { route, type AnyRoute } from '../route.js';
import { userShape } from './schemas.js';

const AUTH_STATUS = graphql(`
  query RestAuthStatus {
    authStatus {
      enabled
      registrationEnabled
      ssoProviders
    }
    viewer {
      username
      role
      createdAt
    }
  }
`);

const status = route({
  path: '/auth/status',
  docs: {
    summary: 'Tell how to sign in, and who is asking.',
    answer: z.object({
      auth_enabled: z.boolean(),
      authenticated: z.boolean(),
      user: userShape.nullable(),
      registration_enabled: z.boolean(),
      sso_enabled: z.boolean(),
      sso_providers: z.array(z.string()),
    }),
    example: {},
  },
  input: z.object({}),
  document: AUTH_STATUS,
  variables: () => ({}),
  respond: ({ authStatus: { enabled, registrationEnabled, ssoProviders }, viewer }) => ({
    auth_enabled: enabled,
    authenticated: viewer !== null,
    user: viewer && {
      username: viewer.username,
      email: null,
      role: viewer.role.toLowerCase(),
      created_at: viewer.createdAt,
      last_login: null,
      sso_provider: null,
      is_sso_user: false,
    },
    registration_enabled: registrationEnabled,
    sso_enabled: ssoProviders.length > 0,
    sso_providers: ssoProviders,
  }),
});

export const AUTH_ROUTES: readonly AnyRoute[] = [status];
