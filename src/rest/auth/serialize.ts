import type { RestAuthStatusQuery, RestUserFragment } from '../../generated/documents/graphql.js';

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

export function serializeUser(user: RestUserFragment): object {
  const [provider = null] = user.providers;
  return {
    username: user.username,
    email: user.email,
    role: user.role.toLowerCase(),
    created_at: user.createdAt,
    last_login: user.lastSignInAt,
    sso_provider: provider,
    // Clients offer such a user no change of the password.
    is_sso_user: provider !== null && !user.hasPassword,
  };
}
