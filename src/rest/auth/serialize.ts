import type {
  RestAuthStatusQuery,
  RestLogInMutation,
  RestUserFragment,
} from '../../generated/documents/graphql.js';

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

export function serializeSignedIn(
  { accessToken, expiresAt, user }: Extract<RestLogInMutation['signIn'], { __typename: 'SignedIn' }>,
  now: Date,
): object {
  const expiresIn = Math.max(0, Math.round((Date.parse(expiresAt) - now.getTime()) / 1_000));
  return {
    access_token: accessToken,
    // Under which some clients look for it first.
    token: accessToken,
    token_type: 'bearer',
    expires_in: expiresIn,
    user: serializeUser(user),
  };
}
