/** GET /health. */
import * as z from 'zod';
import { noBody, none, route } from './route.ts';

export const HealthView = z
  .object({
    status: z.literal('ok'),
    version: z.string(),
    tenant: z.string(),
    principal: z.string(),
    admin: z.boolean(),
  })
  .meta({ id: 'Health' });

export const getHealthRoute = route({
  method: 'GET',
  path: '/health',
  function: 'get-health',
  summary: 'Whether the service answers, and as whom it knows the caller',
  request: { path: none, query: none, body: noBody },
  responses: { 200: HealthView },
  streaming: false,
  callers: 'any',
});
