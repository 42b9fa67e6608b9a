/** How people sign in here; everyone may know it. */
export interface AuthStatus {
  /** Whether callers have to sign in; when not, each is the user `system`. */
  enabled: boolean;
  /** Whether people may make an account themselves. */
  registrationEnabled: boolean;
  /** Other services that people may sign in with. */
  ssoProviders: string[];
}

/** There are no accounts yet: everyone who reaches the server is let in. */
export const AUTH_OFF: AuthStatus = { enabled: false, registrationEnabled: false, ssoProviders: [] };
