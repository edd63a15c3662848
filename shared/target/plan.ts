/** From targets to tasks: what a job scans is numbered once, and each task gets a slice of those numbers. */
import { ValidationError } from '../errors.ts';
import type { PlannedTask } from '../job/job.ts';
import { type Limits, MAX_ADDRESSES_PER_JOB, MAX_ADDRESSES_PER_TASK } from '../limits.ts';
import type { ScannerDefinition, ScannerName, ScannerRequest } from '../scanner/definition.ts';
import { SCANNERS } from '../scanner/index.ts';
import type { Slice } from '../task/task.ts';
import { formatAddress, parseAddress } from './address.ts';
import type { Target } from './target.ts';

/** What a task usually holds: two of nmap's usual host groups of 32. More only where the job would need too many tasks. */
const USUAL_ADDRESSES_PER_TASK = 64;
/** How many bad targets one answer names. */
const MAX_ERRORS = 20;

/** One thing to scan. */
export interface Unit {
  readonly target: Target;
  /** An address of the CIDR, or the target's own text: name, address or URL. */
  readonly host: string;
}

/** Each target once, in the caller's order. */
export const uniqueTargets = (targets: readonly Target[]): Target[] => [
  ...new Map(targets.map((target) => [target.text, target])).values(),
];

export const countAddresses = (targets: readonly Target[]): number =>
  targets.reduce((sum, target) => sum + target.count, 0);

/** The units of `slice`, in order. Those before it are skipped by arithmetic: a CIDR is never written out. */
export function* expand(targets: readonly Target[], slice: Slice): Generator<Unit> {
  const end = slice.from + slice.count;
  let number = 0;
  for (const target of targets) {
    if (number >= end) return;
    const first = Math.max(slice.from - number, 0);
    const last = Math.min(end - number, target.count);
    for (let i = first; i < last; i += 1) yield { target, host: hostAt(target, i) };
    number += target.count;
  }
}

function hostAt(target: Target, index: number): string {
  if (target.kind !== 'cidr') return target.text;
  const first = parseAddress(target.host);
  if (first === undefined) throw new RangeError(`the CIDR ${target.text} has no first address`);
  return formatAddress({ version: first.version, value: first.value + BigInt(index) });
}

/**
 * The tasks of a job, scanner by scanner: every scanner sees every target. Throws ValidationError naming `targets` when they are too many,
 * or of a kind that a scanner does not take.
 */
export function planTasks(
  targets: readonly Target[],
  scanners: readonly Pick<ScannerRequest, 'name'>[],
  limits: Pick<Limits, 'tasksPerJob'>,
  known: ReadonlyMap<ScannerName, ScannerDefinition> = SCANNERS,
): PlannedTask[] {
  const definitions = scanners.map(({ name }) => definitionOf(name, known));
  refuseUnfitTargets(targets, definitions);
  const total = countAddresses(targets);
  if (total > MAX_ADDRESSES_PER_JOB) throw tooMany(`stand for ${total} addresses`, `${MAX_ADDRESSES_PER_JOB} a job`);
  const tasksOf = (size: number) => Math.ceil(total / size) * definitions.length;
  const size =
    tasksOf(USUAL_ADDRESSES_PER_TASK) <= limits.tasksPerJob ? USUAL_ADDRESSES_PER_TASK : MAX_ADDRESSES_PER_TASK;
  if (tasksOf(size) > limits.tasksPerJob)
    throw tooMany(`need ${tasksOf(size)} tasks of ${size} addresses`, `${limits.tasksPerJob} tasks a job`);
  return definitions.flatMap(({ name, workerSize }) =>
    slices(total, size).map((slice) => ({ scanner: name, workerSize, slice })),
  );
}

const slices = (total: number, size: number): Slice[] =>
  Array.from({ length: Math.ceil(total / size) }, (_, i) => ({
    from: i * size,
    count: Math.min(size, total - i * size),
  }));

function definitionOf(name: ScannerName, known: ReadonlyMap<ScannerName, ScannerDefinition>): ScannerDefinition {
  const definition = known.get(name);
  if (definition === undefined) throw new ValidationError([{ field: 'scanners', message: `has no scanner ${name}` }]);
  return definition;
}

function refuseUnfitTargets(targets: readonly Target[], definitions: readonly ScannerDefinition[]): void {
  const errors = definitions.flatMap(({ name, accepts }) =>
    targets
      .filter(({ kind }) => !accepts.includes(kind))
      .map(({ text, kind }) => ({
        field: 'targets',
        message: `has ${text} (${kind}), which ${name} does not scan; allowed: ${accepts.join(', ')}`,
      })),
  );
  if (errors.length > 0) throw new ValidationError(errors.slice(0, MAX_ERRORS));
}

const tooMany = (what: string, allowed: string): ValidationError =>
  new ValidationError([{ field: 'targets', message: `${what}; allowed: at most ${allowed}` }]);
