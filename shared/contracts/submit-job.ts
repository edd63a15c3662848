/** POST /jobs: what a caller may ask for. */
import * as z from 'zod';
import { PRIORITIES } from '../job/job.ts';
import { DEFAULT_LIMITS, MAX_ADDRESSES_PER_JOB } from '../limits.ts';
import { PROFILES } from '../report/profile.ts';
import { SCANNER_NAMES, type ScannerRequest } from '../scanner/definition.ts';
import { SCANNERS } from '../scanner/index.ts';
import { inOrder, NOT_IN_ORDER, WINDOW_BOUNDS, WindowRequest } from './maintenance-window.ts';
import { TargetText } from './target-text.ts';

/** Text for people: no control or bidirectional characters, which could rewrite a terminal or a page. */
const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]*$/u, 'must not hold control or formatting characters');

const scannerNames = [...SCANNERS.keys()];
const Scanner = z
  .strictObject({ name: z.enum(scannerNames), options: z.unknown().default({}) })
  .transform(({ name, options }, ctx): ScannerRequest => {
    const parsed = SCANNERS.get(name)?.options.safeParse(options);
    if (parsed?.success) return { name, options: parsed.data };
    for (const issue of parsed?.error.issues ?? [])
      ctx.addIssue({ ...issue, path: ['options', ...issue.path] } as never);
    return z.NEVER;
  })
  .meta({ id: 'ScannerRequest' });

export const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters');

const TargetInWindow = z
  .strictObject({ target: TargetText, ...WINDOW_BOUNDS })
  .refine(inOrder, NOT_IN_ORDER)
  .meta({ id: 'TargetInWindow', description: 'A target with a maintenance window of its own' });
const RequestedTarget = z.union([TargetText, TargetInWindow], {
  error: 'must be text, or an object with a target and its notBefore, notAfter',
});
export type RequestedTarget = z.output<typeof RequestedTarget>;

export const SubmitJobRequest = z
  .strictObject({
    targets: z
      .array(RequestedTarget)
      .min(1, 'must name at least one target')
      .max(MAX_ADDRESSES_PER_JOB, `must name at most ${MAX_ADDRESSES_PER_JOB} targets`),
    scanners: z
      .array(Scanner)
      .min(1, 'must name at least one scanner')
      .max(SCANNER_NAMES.length)
      .refine((list) => new Set(list.map((s) => s?.name)).size === list.length, 'must name each scanner once'),
    name: text(128).optional(),
    description: text(1_024).optional(),
    project: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, hyphens or underscores')
      .optional(),
    labels: z
      .record(
        z
          .string()
          .regex(
            /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/,
            'must be 1 to 63 letters, digits, dots, hyphens, slashes or underscores',
          ),
        text(256),
      )
      .refine((labels) => Object.keys(labels).length <= 10, 'must hold at most 10 labels')
      .default({}),
    profile: z.enum(PROFILES).default('brief'),
    priority: z.enum(PRIORITIES).default('normal'),
    window: WindowRequest.optional().describe('The maintenance window of all targets that have none of their own'),
    deadlineSeconds: z.int().min(1).max(DEFAULT_LIMITS.deadlineSeconds).optional(),
    idempotencyKey: IdempotencyKey.optional(),
  })
  .meta({ id: 'SubmitJobRequest' });
export type SubmitJobRequest = z.output<typeof SubmitJobRequest>;
