import { z } from 'zod';

export const userShape = z
  .object({
    username: z.string(),
    email: z.string().nullable(),
    role: z.enum(['user', 'admin']),
    created_at: z.iso.datetime(),
    last_login: z.iso.datetime().nullable(),
    sso_provider: z.string().nullable(),
    is_sso_user: z.boolean(),
  })
  .meta({ id: 'User' });
