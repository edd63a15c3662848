/** What the target policy refuses of a submit. */
import { type FieldError, ForbiddenError } from '#shared/errors.ts';
import type { DeniedTarget } from '#shared/target/denials.ts';
import { opensLater } from '#shared/target/maintenance-window.ts';
import type { WindowedTarget } from '#shared/target/plan.ts';
import { decideTarget, type Policy } from '#shared/target/policy.ts';

/** A target that is denied when its window opens, and its place in the request. */
interface DeniedAt extends DeniedTarget {
  readonly at: number;
}

export const deniedTargets = (policy: Policy, targets: readonly WindowedTarget[], now: string): DeniedAt[] =>
  targets.flatMap((target, at) => {
    const decision = decideTarget(policy, target, new Date(opensLater(target, now) ?? now));
    if (decision.allowed) return [];
    const { code, reason } = decision;
    return [{ at, target: target.text, code, reason }];
  });

/** `target_denied`, with an entry for each target. */
export function targetsDenied(denied: readonly DeniedAt[]): ForbiddenError {
  const errors = denied.map(
    ({ at, target, reason }): FieldError => ({ field: `targets[${at}]`, message: `${target} is denied: ${reason}` }),
  );
  const what = errors.length === 1 ? `${errors[0]?.message}` : `${errors.length} targets are denied`;
  return new ForbiddenError('target_denied', what, errors);
}
