import { z } from 'zod';
import { route, type AnyRoute } from '../route.js';
import { AUTH_STATUS } from './documents.js';
import { authStatusSchema } from './schemas.js';
import { serializeAuthStatus } from './serialize.js';

const status = route({
  path: '/auth/status',
  docs: {
    summary: 'Show how to sign in and who is signed in.',
    description: 'Without authentication, everyone is the user `system` with the role `admin`.',
    response: authStatusSchema,
    example: {},
  },
  input: z.object({}),
  document: AUTH_STATUS,
  variables: () => ({}),
  respond: serializeAuthStatus,
});

export const AUTH_ROUTES: readonly AnyRoute[] = [status];
