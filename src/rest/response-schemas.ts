import { z } from 'zod';

/** A number of things, or a place in a list. */
export const count = z.int().nonnegative();
/** A number that counts from 1, such as a page. */
export const ordinal = z.int().min(1);
export const milliseconds = z.number().nonnegative();
/** Unix seconds, with fractions. */
export const seconds = z.number().nonnegative();
export const percent = z.number().min(0).max(100);

/** What toFailureBody makes. */
export const failureSchema = z
  .object({
    error: z.string(),
    detail: z.string().meta({ description: 'The same text as `error`.' }),
    details: z
      .union([z.string(), z.array(z.unknown()), z.record(z.string(), z.unknown())])
      .optional()
      .meta({ description: 'More about it: text, or facts such as `field`.' }),
    existing_task: z.string().optional().meta({ description: 'The existing task for the same download.' }),
    task_id: z.string().optional().meta({ description: 'The task that the request was about.' }),
    auth_enabled: z.boolean().optional(),
    retry_after: seconds.optional().meta({
      description: 'Seconds after which the same may work, as in the header Retry-After.',
    }),
    traceback: z.string().optional().meta({ description: 'Only with NODE_ENV=development.' }),
  })
  .meta({ id: 'Failure', description: 'The body of every error.' });
