import { builder } from '../graphql/builder.js';
import { AUTH_OFF, type AuthStatus } from './auth-status.js';

const AuthStatusType = builder.objectRef<AuthStatus>('AuthStatus').implement({
  description: 'How people sign in here.',
  fields: (t) => ({
    enabled: t.exposeBoolean('enabled', {
      description: 'Whether callers have to sign in; when not, each is the user `system`.',
    }),
    registrationEnabled: t.exposeBoolean('registrationEnabled', {
      description: 'Whether people may make an account themselves.',
    }),
    ssoProviders: t.exposeStringList('ssoProviders', {
      description: 'Other services that people may sign in with.',
    }),
  }),
});

builder.queryField('authStatus', (t) =>
  t.field({
    type: AuthStatusType,
    description: 'How people sign in here; anyone may ask.',
    resolve: () => AUTH_OFF,
  }),
);
