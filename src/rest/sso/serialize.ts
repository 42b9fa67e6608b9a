import type { RestSsoStatusQuery } from '../../generated/documents/graphql.js';
import { REST_PATH } from '../../http/router.js';

/** Only configured providers are listed, so each is enabled. */
export function serializeSsoStatus({ authStatus, signInProviders }: RestSsoStatusQuery): object {
  return {
    sso_enabled: signInProviders.length > 0,
    providers: signInProviders.map(({ name, displayName }) => ({
      name,
      display_name: displayName,
      enabled: true,
      // Clients put their own origin before it.
      login_url: `${REST_PATH}/auth/sso/login/${name}`,
    })),
    registration_enabled: authStatus.registrationEnabled,
  };
}
