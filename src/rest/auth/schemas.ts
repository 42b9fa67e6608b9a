import { z } from 'zod';

const userSchema = z
  .object({
    username: z.string(),
    email: z.string().nullable(),
    role: z.enum(['user', 'admin']),
    created_at: z.iso.datetime(),
    last_login: z.iso.datetime().nullable(),
    sso_provider: z.string().nullable(),
    is_sso_user: z.boolean(),
  })
  .meta({ id: 'User', description: 'A person who may use this server.' });

export const authStatusSchema = z
  .object({
    auth_enabled: z.boolean(),
    authenticated: z.boolean(),
    user: userSchema.nullable(),
    registration_enabled: z.boolean(),
    sso_enabled: z.boolean(),
    sso_providers: z.array(z.string()),
  })
  .meta({ id: 'AuthStatus', description: 'How to sign in, and who is signed in.' });
