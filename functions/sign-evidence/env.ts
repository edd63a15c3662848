/** The environment of sign-evidence. */
import type * as z from 'zod';
import { Variables } from '../middleware/variables.ts';

export const Env = Variables.pick({
  JOB_TABLE: true,
  RESULTS_BUCKET: true,
  EVIDENCE_KEY: true,
});
export type Env = z.output<typeof Env>;
