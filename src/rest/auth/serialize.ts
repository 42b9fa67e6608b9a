import type { RestAuthStatusQuery } from '../../generated/documents/graphql.js';

type User = NonNullable<RestAuthStatusQuery['viewer']>;

export function serializeAuthStatus({ authStatus, viewer }: RestAuthStatusQuery): object {
  const { enabled, registrationEnabled, ssoProviders } = authStatus;
  return {
    auth_enabled: enabled,
    authenticated: viewer !== null,
    user: viewer && serializeUser(viewer),
    registration_enabled: registrationEnabled,
    sso_enabled: ssoProviders.length > 0,
    sso_providers: ssoProviders,
  };
}

function serializeUser({ username, role, createdAt }: User): object {
  return {
    username,
    email: null,
    role: role.toLowerCase(),
    created_at: createdAt,
    last_login: null,
    sso_provider: null,
    is_sso_user: false,
  };
}
