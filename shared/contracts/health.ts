/** GET /health. */
import * as z from 'zod';

export const HealthView = z
  .object({
    status: z.literal('ok'),
    version: z.string(),
    tenant: z.string(),
    principal: z.string(),
    admin: z.boolean(),
  })
  .meta({ id: 'Health' });
