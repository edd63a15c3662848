/** The worker's environment. Credentials are not in it: see credentials.ts. Limits (SCANFLEET_…) are read by shared/limits.ts. */
import * as z from 'zod';
import { WORKER_NAME_VARIABLE } from '#shared/names.ts';
import { WORKER_SIZES } from '#shared/scanner/definition.ts';
import { ScannerSettings } from './scanners/settings.ts';

export const Env = z.object({
  JOB_TABLE: z.string().min(1),
  TASK_QUEUE_URL_SMALL: z.url(),
  TASK_QUEUE_URL_LARGE: z.url(),
  RESULTS_BUCKET: z.string().min(1),
  EVENT_BUS: z.string().min(1),
  WORKER_SIZE: z.enum(WORKER_SIZES),
  /** What it was launched as; a worker that somebody starts by hand names itself. */
  [WORKER_NAME_VARIABLE]: z.string().min(1).max(64).optional(),
  /** Touched while the worker lives; none where nobody looks. */
  LIVENESS_FILE: z.string().min(1).optional(),
  /** Whether the policy file may open loopback: in local mode only. */
  LOOPBACK_TARGETS: z.enum(['allow', 'deny']).default('deny'),
  /** Where secrets lie that scanners need: in the environment only on a machine of one's own. */
  SECRETS_FROM: z.enum(['secrets-manager', 'environment']).default('secrets-manager'),
  ...ScannerSettings.shape,
});
export type Env = z.output<typeof Env>;
