/** From targets to tasks: what a job scans is numbered once, and each task gets a slice of those numbers. */
import { ValidationError } from '../errors.ts';
import type { PlannedTask } from '../job/job.ts';
import { type Limits, MAX_ADDRESSES_PER_JOB, MAX_ADDRESSES_PER_TASK } from '../limits.ts';
import { type ScannerDefinition, type ScannerName, type ScannerRequest, unfitness } from '../scanner/definition.ts';
import { SCANNERS } from '../scanner/index.ts';
import type { Slice } from '../task/task.ts';
import { formatAddress, parseAddress } from './address.ts';
import { type Windowed, windowOrder } from './maintenance-window.ts';
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

export type WindowedTarget = Target & Windowed;

type AskedScanner = Pick<ScannerRequest, 'name'> & Partial<Pick<ScannerRequest, 'options'>>;

/**
 * Each target once, in the caller's order; those with a maintenance window in the order in which the windows open, after those without.
 * ValidationError for a target that is given twice with different windows.
 */
export function uniqueTargets<T extends WindowedTarget>(targets: readonly T[]): T[] {
  const unique = new Map<string, T>();
  for (const [index, target] of targets.entries()) {
    const same = unique.get(target.text);
    if (same === undefined) unique.set(target.text, target);
    else if (windowOrder(same) !== windowOrder(target))
      throw new ValidationError([
        {
          field: `targets[${index}]`,
          message: `names ${target.text} again, with another window; allowed: one window a target`,
        },
      ]);
  }
  return [...unique.values()].sort((a, b) => compare(windowOrder(a), windowOrder(b)));
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

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
 * The tasks of a job, of targets as uniqueTargets gives them: window by window, and in each scanner by scanner. Every scanner sees every
 * target, and no task has targets of two windows. Throws ValidationError naming `targets` when they are too many,
 * or such as a scanner does not take.
 */
export function planTasks(
  targets: readonly WindowedTarget[],
  scanners: readonly AskedScanner[],
  limits: Pick<Limits, 'tasksPerJob'>,
  known: ReadonlyMap<ScannerName, ScannerDefinition> = SCANNERS,
): PlannedTask[] {
  const definitions = scanners.map(({ name }) => definitionOf(name, known));
  refuseUnfitTargets(targets, scanners, definitions);
  const total = countAddresses(targets);
  if (total > MAX_ADDRESSES_PER_JOB) throw tooMany(`stand for ${total} addresses`, `${MAX_ADDRESSES_PER_JOB} a job`);
  const parts = partsOf(targets);
  const tasksOf = (size: number) =>
    definitions.length * parts.reduce((sum, { count }) => sum + Math.ceil(count / size), 0);
  const size =
    tasksOf(USUAL_ADDRESSES_PER_TASK) <= limits.tasksPerJob ? USUAL_ADDRESSES_PER_TASK : MAX_ADDRESSES_PER_TASK;
  if (tasksOf(size) > limits.tasksPerJob)
    throw tooMany(`need ${tasksOf(size)} tasks of ${size} addresses`, `${limits.tasksPerJob} tasks a job`);
  return parts.flatMap(({ window, ...part }) =>
    definitions.flatMap(({ name, workerSize }) =>
      slices(part, size).map((slice) => ({ scanner: name, workerSize, slice, ...(window && { window }) })),
    ),
  );
}

/** The numbers of the targets of each window. */
function partsOf(targets: readonly WindowedTarget[]): (Slice & Windowed)[] {
  let from = 0;
  return [...Map.groupBy(targets, windowOrder).values()].map((part) => {
    const slice = { from, count: countAddresses(part), window: part[0]?.window };
    from += slice.count;
    return slice;
  });
}

const slices = ({ from, count }: Slice, size: number): Slice[] =>
  Array.from({ length: Math.ceil(count / size) }, (_, i) => ({
    from: from + i * size,
    count: Math.min(size, count - i * size),
  }));

function definitionOf(name: ScannerName, known: ReadonlyMap<ScannerName, ScannerDefinition>): ScannerDefinition {
  const definition = known.get(name);
  if (definition === undefined) throw new ValidationError([{ field: 'scanners', message: `has no scanner ${name}` }]);
  return definition;
}

function refuseUnfitTargets(
  targets: readonly Target[],
  scanners: readonly AskedScanner[],
  definitions: readonly ScannerDefinition[],
): void {
  const errors = definitions.flatMap((definition, at) =>
    targets.flatMap((target) => {
      const why = unfitness(definition, target, scanners[at]?.options);
      return why === undefined ? [] : [{ field: 'targets', message: `has ${target.text}: ${why}` }];
    }),
  );
  if (errors.length > 0) throw new ValidationError(errors.slice(0, MAX_ERRORS));
}

const tooMany = (what: string, allowed: string): ValidationError =>
  new ValidationError([{ field: 'targets', message: `${what}; allowed: at most ${allowed}` }]);
