/** The environment of sweep-tasks. */
import type * as z from 'zod';
import { Variables } from '../middleware/variables.ts';

export const Env = Variables.pick({
  JOB_TABLE: true,
  TASK_QUEUE_URL_SMALL: true,
  TASK_QUEUE_URL_LARGE: true,
  DEAD_LETTER_QUEUE_URL_SMALL: true,
  DEAD_LETTER_QUEUE_URL_LARGE: true,
  EVENT_BUS: true,
});
export type Env = z.output<typeof Env>;
