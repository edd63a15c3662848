/**
 * Decides when a fault happens. What befalls the n-th call of an operation depends on the seed alone, not on what else happens meanwhile:
 * with one seed the same calls meet the same faults, as far as the calls are the same.
 */
import { createHash } from 'node:crypto';
import type { FaultName, FaultPlan } from './plan.ts';

export interface Luck {
  /** Whether the fault befalls this one of the things called `at`, as in `PutItem`. */
  happens(fault: FaultName, at: string): boolean;
  /** From 0 to `max`. */
  upTo(max: number, at: string): number;
}

/** `tell` hears of each fault that happens. Nothing does before `isOn` says so. */
export function seededLuck(
  { seed, chances }: FaultPlan,
  isOn: () => boolean,
  tell: (fault: FaultName, at: string) => void,
): Luck {
  const drawn = new Map<string, number>();
  const draw = (from: string): number => {
    const count = (drawn.get(from) ?? 0) + 1;
    drawn.set(from, count);
    return createHash('sha256').update(`${seed} ${from} ${count}`).digest().readUInt32BE() / 2 ** 32;
  };
  return {
    happens(fault, at) {
      const chance = chances.get(fault);
      if (chance === undefined || !isOn()) return false;
      if (draw(`${fault} ${at}`) >= chance) return false;
      tell(fault, at);
      return true;
    },
    upTo: (max, at) => max * draw(`how much of ${at}`),
  };
}
