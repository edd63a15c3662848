/** The maintenance windows of a submit: which target has which, and whether they can be kept. */
import type { RequestedTarget, SubmitJobRequest } from '#shared/contracts/submit-job.ts';
import { type FieldError, ValidationError } from '#shared/errors.ts';
import type { Job } from '#shared/job/job.ts';
import type { MaintenanceWindow } from '#shared/target/maintenance-window.ts';
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

/** ValidationError naming each window that is over, or that would open only when the job has to end. */
export function refuseHopelessWindows(
  { targets, window }: Request,
  { createdAt, deadlineSeconds }: Pick<Job, 'createdAt' | 'deadlineSeconds'>,
): void {
  const deadlineAt = secondsAfter(createdAt, deadlineSeconds);
  const faultsOf = (field: string, { notBefore, notAfter }: MaintenanceWindow = {}): FieldError[] => [
    ...(notBefore !== undefined && notBefore >= deadlineAt
      ? [{ field: `${field}.notBefore`, message: `must be before the deadline of the job, ${deadlineAt}` }]
      : []),
    ...(notAfter !== undefined && notAfter <= createdAt
      ? [{ field: `${field}.notAfter`, message: `has passed: it is ${createdAt}` }]
      : []),
  ];
  const ofTargets = targets.flatMap((requested, at) => faultsOf(`targets[${at}]`, ownWindow(requested)));
  const errors = [...faultsOf('window', window), ...ofTargets];
  if (errors.length > 0) throw new ValidationError(errors.slice(0, MAX_ERRORS));
}
