/** Whether the maintenance windows of a submit can be kept. */
import type { SubmitJobRequest } from '#shared/contracts/submit-job.ts';
import { ownWindow } from '#shared/contracts/windowed-targets.ts';
import { ValidationError } from '#shared/errors.ts';
import type { Job } from '#shared/job/job.ts';
import { faultsOfWindow } from '#shared/target/maintenance-window.ts';
import { secondsAfter } from '#shared/time.ts';

type Request = Pick<SubmitJobRequest, 'targets' | 'window'>;
/** How many bad windows one answer names. */
const MAX_ERRORS = 20;

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
