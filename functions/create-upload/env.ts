/** The environment of create-upload. */
import type * as z from 'zod';
import { Variables } from '../middleware/variables.ts';

export const Env = Variables.pick({
  JOB_TABLE: true,
  RESULTS_BUCKET: true,
  CALLER_SETTINGS: true,
});
export type Env = z.output<typeof Env>;
