/** The environment of dispatch-workers. */
import type * as z from 'zod';
import { Variables } from '../middleware/variables.ts';

export const Env = Variables.pick({
  TASK_QUEUE_URL_SMALL: true,
  TASK_QUEUE_URL_LARGE: true,
  WORKER_CLUSTER: true,
  WORKER_TASK_DEFINITION_SMALL: true,
  WORKER_TASK_DEFINITION_LARGE: true,
  WORKER_SUBNETS: true,
  WORKER_SECURITY_GROUPS: true,
  WORKER_PUBLIC_ADDRESSES: true,
});
export type Env = z.output<typeof Env>;
