/** Every environment variable the functions know. Each function's env.ts picks its own; infra and local set them by these names. */
import * as z from 'zod';
import { CallerSettings } from '#shared/caller.ts';
import { Availabilities, IMAGE_SCANNERS } from '#shared/scanner/availability.ts';

const Name = z.string().min(1);
const NameList = Name.transform((text) => text.split(','));

const Json = z.string().transform((text, ctx): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    ctx.addIssue({ code: 'custom', message: 'must be JSON' });
    return z.NEVER;
  }
});

export const Variables = z.object({
  JOB_TABLE: Name,
  TASK_QUEUE_URL_SMALL: z.url(),
  TASK_QUEUE_URL_LARGE: z.url(),
  DEAD_LETTER_QUEUE_URL_SMALL: z.url(),
  DEAD_LETTER_QUEUE_URL_LARGE: z.url(),
  RESULTS_BUCKET: Name,
  EVENT_BUS: Name,
  /** The ARN of the key in KMS; locally the URL of a file. */
  EVIDENCE_KEY: Name,
  CALLER_SETTINGS: Json.pipe(CallerSettings),
  SCANNER_AVAILABILITY: Json.pipe(Availabilities).default(IMAGE_SCANNERS),
  /** `allow` only in local mode. */
  LOOPBACK_TARGETS: z.enum(['allow', 'deny']).default('deny'),
  WORKER_CLUSTER: Name,
  WORKER_TASK_DEFINITION_SMALL: Name,
  WORKER_TASK_DEFINITION_LARGE: Name,
  /** Joined by commas, as are the security groups. */
  WORKER_SUBNETS: NameList,
  WORKER_SECURITY_GROUPS: NameList,
  /** As ECS spells assignPublicIp. */
  WORKER_PUBLIC_ADDRESSES: z.enum(['ENABLED', 'DISABLED']),
});
