/** What everybody knows of a scanner: its name, its options and where it runs. How it runs is the worker's (containers/scan-worker/scanners). */
import * as z from 'zod';
import { type Limits, MAX_REQUESTS_PER_SECOND } from '../limits.ts';
import type { Target, TargetKind } from '../target/target.ts';

export const SCANNER_NAMES = ['nmap', 'nuclei', 'gobuster', 'nessus', 'axe'] as const;
export type ScannerName = (typeof SCANNER_NAMES)[number];

/** There is one queue and one worker image size for each. */
export const WORKER_SIZES = ['small', 'large'] as const;
export type WorkerSize = (typeof WORKER_SIZES)[number];

/** Fargate knows only certain pairs (ECS developer guide, "Task definition parameters for Fargate"). `large` holds a browser beside the worker. */
export const WORKER_RESOURCES = {
  small: { vcpu: 0.5, memoryGb: 1 },
  large: { vcpu: 2, memoryGb: 4 },
} as const satisfies Record<WorkerSize, object>;

/** Tasks a worker runs side by side: a browser needs a worker of its own. */
export const slotsOf = (size: WorkerSize, { workerSlots }: Pick<Limits, 'workerSlots'>): number =>
  size === 'large' ? 1 : workerSlots;

/** A scanner as asked for in a submit, its options validated and completed by the definition's schema. */
export interface ScannerRequest {
  readonly name: ScannerName;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The option `requestsPerSecond`, which every scanner that can be slowed down has, by that name: the worker looks for it. */
export const RequestsPerSecond = z
  .int()
  .min(1)
  .max(MAX_REQUESTS_PER_SECOND)
  .optional()
  .describe('Less than the deployment allows: requests a second, at most; more has no effect');

export interface ScannerDefinition {
  readonly name: ScannerName;
  /** One line for people. */
  readonly title: string;
  /** Allow-listed and typed: never free-form flags. Unknown keys are refused. */
  readonly options: z.ZodType<Readonly<Record<string, unknown>>>;
  readonly workerSize: WorkerSize;
  /** The kinds of target it can scan; `upload`: what it left elsewhere can be imported, wherever it is not available itself. */
  readonly accepts: readonly TargetKind[];
  /** Why it cannot scan a target of these kinds with these options, as in `in mode dns needs a name`; undefined where it can. */
  readonly refuses?: (target: Target, options: ScannerRequest['options']) => string | undefined;
}

/** Why a scanner cannot scan a target, and what is allowed; undefined where it can. */
export function unfitness(
  { name, accepts, refuses }: ScannerDefinition,
  target: Target,
  options: ScannerRequest['options'] = {},
): string | undefined {
  if (accepts.includes(target.kind)) return refuses?.(target, options);
  return `${name} does not scan a target of kind ${target.kind}; allowed: ${accepts.join(', ')}`;
}
