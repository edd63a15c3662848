/** The environment of cancel-job. */
import type * as z from 'zod';
import { Variables } from '../middleware/variables.ts';

export const Env = Variables.pick({
  JOB_TABLE: true,
  TASK_QUEUE_URL_SMALL: true,
  TASK_QUEUE_URL_LARGE: true,
  RESULTS_BUCKET: true,
  EVENT_BUS: true,
  CALLER_SETTINGS: true,
});
export type Env = z.output<typeof Env>;
