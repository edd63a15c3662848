/** Which target of a submit has which maintenance window. */
import type { MaintenanceWindow } from '../target/maintenance-window.ts';
import type { WindowedTarget } from '../target/plan.ts';
import type { RequestedTarget, SubmitJobRequest } from './submit-job.ts';

/** A target without a window of its own has that of the job, if any. */
export const windowedTargets = ({ targets, window }: Pick<SubmitJobRequest, 'targets' | 'window'>): WindowedTarget[] =>
  targets.map((requested) => {
    const target = 'target' in requested ? requested.target : requested;
    const its = ownWindow(requested) ?? window;
    return its === undefined ? target : { ...target, window: its };
  });

export function ownWindow(requested: RequestedTarget): MaintenanceWindow | undefined {
  if (!('target' in requested)) return undefined;
  const { target: _, ...window } = requested;
  return window.notBefore === undefined && window.notAfter === undefined ? undefined : window;
}
