/** POST /jobs: what a caller may ask for. */
import * as z from 'zod';
import { SEVERITIES } from '../finding/severity.ts';
import { RECIPE_NAMES, RECIPES } from '../follow-up/recipes.ts';
import { PRIORITIES } from '../job/job.ts';
import { DEFAULT_LIMITS, MAX_ADDRESSES_PER_JOB } from '../limits.ts';
import { PROFILES } from '../report/profile.ts';
import { SCANNER_NAMES, type ScannerName, type ScannerRequest } from '../scanner/definition.ts';
import { SCANNERS } from '../scanner/index.ts';
import { SubmittedView } from './job.ts';
import { inOrder, NOT_IN_ORDER, WINDOW_BOUNDS, WindowRequest } from './maintenance-window.ts';
import { none, route } from './route.ts';
import { TargetText } from './target-text.ts';
import { MaxCostUsd } from './usage.ts';

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

/** A recipe can name a scanner that this version does not have: then nothing is known of its options. */
const completed = ({ name, options = {} }: { name: ScannerName; options?: unknown }): ScannerRequest => ({
  name,
  options: SCANNERS.get(name)?.options.parse(options) ?? {},
});

export const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters');

const TargetInWindow = z
  .strictObject({ target: TargetText, ...WINDOW_BOUNDS })
  .refine(inOrder, NOT_IN_ORDER)
  .meta({ id: 'TargetInWindow', description: 'A target with a maintenance window of its own' });
const RequestedTarget = z.union([TargetText, TargetInWindow], {
  error: 'must be text, or an object with a target and its notBefore, notAfter',
});
export type RequestedTarget = z.output<typeof RequestedTarget>;

const eachOnce = (list: readonly (ScannerRequest | undefined)[]): boolean =>
  new Set(list.map((scanner) => scanner?.name)).size === list.length;
const Scanners = z
  .array(Scanner)
  .min(1, 'must name at least one scanner')
  .max(SCANNER_NAMES.length)
  .refine(eachOnce, 'must name each scanner once');

const FollowUp = z
  .strictObject({
    when: z
      .strictObject({
        scanner: z.enum(scannerNames),
        rule: text(128).optional().describe("The finding's own, as in open-port"),
        service: text(64)
          .optional()
          .describe("Of nmap's open ports: http for all that speaks it, also through TLS; others by nmap's name"),
        port: z.int().min(1).max(65_535).optional(),
        severity: z.enum(SEVERITIES).optional().describe('At least so severe'),
      })
      .describe('All of it must hold of a finding'),
    scanners: Scanners,
  })
  .meta({
    id: 'FollowUp',
    description:
      "Scans that a finding starts once its job has ended: of the finding's URL, of the port's where it speaks HTTP, else of its host",
  });

export const SubmitJobFields = z
  .strictObject({
    targets: z
      .array(RequestedTarget)
      .min(1, 'must name at least one target')
      .max(MAX_ADDRESSES_PER_JOB, `must name at most ${MAX_ADDRESSES_PER_JOB} targets`),
    scanners: Scanners.optional().describe('Needed but with a recipe, which has its own'),
    followUps: z.array(FollowUp).min(1).max(10).optional(),
    recipe: z.enum(RECIPE_NAMES).optional().describe('A chain that ships: scanners and followUps'),
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
    maxCostUsd: MaxCostUsd.optional(),
    idempotencyKey: IdempotencyKey.optional(),
  })
  .meta({ id: 'SubmitJobRequest' });

/** With what its recipe stands for. */
export const SubmitJobRequest = SubmitJobFields.transform(({ scanners, followUps, recipe, ...rest }, ctx) => {
  const { scanners: first, followUps: rules } = recipe ? RECIPES[recipe] : { scanners: [], followUps: [] };
  const all = [...(followUps ?? []), ...rules.map((rule) => ({ ...rule, scanners: rule.scanners.map(completed) }))];
  const asked = scanners ?? first.map(completed);
  if (asked.length === 0)
    ctx.addIssue({ code: 'custom', path: ['scanners'], message: 'must name at least one scanner, or give a recipe' });
  return { ...rest, scanners: asked, ...(all.length > 0 ? { followUps: all } : {}) };
});
export type SubmitJobRequest = z.output<typeof SubmitJobRequest>;

export const submitJobRoute = route({
  method: 'POST',
  path: '/jobs',
  function: 'submit-job',
  summary: 'Submit a job',
  request: { path: none, query: none, body: SubmitJobRequest },
  responses: { 201: SubmittedView, 200: SubmittedView },
  streaming: false,
  callers: 'any',
});
