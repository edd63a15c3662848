/** The maintenance windows of a submit: which target has which, and whether they can be kept. */
import type { RequestedTarget, SubmitJobRequest } from '#shared/contracts/submit-job.ts';
import { ValidationError } from '#shared/errors.ts';
import type { Job } from '#shared/job/job.ts';
import { faultsOfWindow, type MaintenanceWindow } from '#shared/target/maintenance-window.ts';
import type { WindowedTarget } from '#shared/target/plan.ts';
import { secondsAfter } from '#shared/time.ts';

type Request = Pick<SubmitJobRequest, 'targets' | 'window'>;
/** How many bad windows one answer names. */
const MAX_ERRORS = 20;

/** A target without a window of its own has that of the job, if any. */
export const windowedTargets = ({ targets, window }: Request): WindowedTarget[] =>
  targets.map((requested) => {
    const target = 'target' in requested ? requested.target : requested;
    const its = ownWindow(requested) ?? window;
    return its === undefined ? target : { ...target, window: its };
  });

function ownWindow(requested: RequestedTarget): MaintenanceWindow | undefined {
  if (!('target' in requested)) return undefined;
  const { target: _, ...window } = requested;
  return window.notBefore === undefined && window.notAfter === undefined ? undefined : window;
}

/** ValidationError naming each window that cannot be kept. */
export function refuseHopelessWindows(
  { targets, window }: Request,
  { createdAt, deadlineSeconds }: Pick<Job, 'createdAt' | 'deadlineSeconds'>,
): void {
  const times = { now: createdAt, deadlineAt: secondsAfter(createdAt, deadlineSeconds) };
  const ofTargets = targets.flatMap((requested, at) =>
    faultsOfWindow(`targets[${at}]`, ownWindow(requested) ?? {}, times),
  );
  const errors = [...faultsOfWindow('window', window ?? {}, times), ...ofTargets];
  if (errors.length > 0) throw new ValidationError(errors.slice(0, MAX_ERRORS));
}
