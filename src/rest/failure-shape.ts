import { z } from 'zod';

/** The one shape of all errors. Clients of old show `detail` as text, new ones `error`: the two are the same. */
export const failureShape = z
  .object({
    error: z.string(),
    detail: z.string(),
    details: z
      .union([z.string(), z.array(z.unknown()), z.record(z.string(), z.unknown())])
      .optional()
      .meta({ description: 'More about it: text, or facts such as `field`.' }),
    existing_task: z.string().optional().meta({ description: 'The task that does already what was asked.' }),
    task_id: z.string().optional(),
    auth_enabled: z.boolean().optional(),
    retry_after: z
      .number()
      .optional()
      .meta({ description: 'Seconds after which the same may work, as in the header Retry-After.' }),
    traceback: z.string().optional().meta({ description: 'Only with NODE_ENV=development.' }),
  })
  .meta({ id: 'Failure' });
