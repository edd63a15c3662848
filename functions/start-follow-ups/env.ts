/** The environment of start-follow-ups. */
import type * as z from 'zod';
import { Variables } from '../middleware/variables.ts';

export const Env = Variables.pick({
  JOB_TABLE: true,
  TASK_QUEUE_URL_SMALL: true,
  TASK_QUEUE_URL_LARGE: true,
  RESULTS_BUCKET: true,
  EVENT_BUS: true,
  SCANNER_AVAILABILITY: true,
  LOOPBACK_TARGETS: true,
});
export type Env = z.output<typeof Env>;
