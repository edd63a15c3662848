/** The environment of record-stopped-worker. */
import type * as z from 'zod';
import { Variables } from '../middleware/variables.ts';

export const Env = Variables.pick({ JOB_TABLE: true });
export type Env = z.output<typeof Env>;
