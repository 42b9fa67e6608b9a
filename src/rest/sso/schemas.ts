import { z } from 'zod';

const providerSchema = z
  .object({
    name: z.string(),
    display_name: z.string(),
    enabled: z.boolean(),
    login_url: z.string(),
  })
  .meta({ id: 'SignInProvider', description: 'A service that people can sign in with.' });

export const ssoStatusSchema = z
  .object({
    sso_enabled: z.boolean(),
    providers: z.array(providerSchema),
    registration_enabled: z.boolean(),
  })
  .meta({ id: 'SsoStatus', description: 'Providers for single sign-on.' });

export const unlinkedSchema = z
  .object({ message: z.string() })
  .meta({ id: 'ProviderUnlinked', description: 'A provider was unlinked.' });
