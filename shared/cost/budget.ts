/**
 * Caps on what is spent: of a job, and of a tenant in a day (UTC). Once one is reached nothing more of what it caps begins; what runs goes
 * on, so a cap is overrun by that, and a tenant's by what its jobs spent since each was last looked at (docs/adr/0012).
 */
import { ValidationError } from '../errors.ts';
import type { Job } from '../job/job.ts';
import type { Limits } from '../limits.ts';
import type { TaskError } from '../task/task.ts';
import { nanoUsdOf } from './usage.ts';

/** Nothing of the job begins any more. Spending never falls, so within a round this stays. */
export const isSpent = ({ costNanoUsd, maxCostNanoUsd }: Pick<Job, 'costNanoUsd' | 'maxCostNanoUsd'>): boolean =>
  maxCostNanoUsd !== undefined && costNanoUsd >= maxCostNanoUsd;

/** What a task fails of that a cap did not let begin. The caller may retry its job once there is more to spend. */
const budgetExhausted = (message: string): TaskError => ({ code: 'budget_exhausted', message, retryable: true });

export const JOB_BUDGET_EXHAUSTED = budgetExhausted('the budget of its job was used up before it could start');
export const DAY_BUDGET_EXHAUSTED = budgetExhausted("its tenant's budget of the day was used up before it could start");

/** What the job may cost: what its caller says, or as much as the deployment allows. Throws ValidationError for more than that. */
export function capOf(
  maxCostUsd: number | undefined,
  { jobBudgetUsd }: Pick<Limits, 'jobBudgetUsd'>,
): Pick<Job, 'maxCostNanoUsd'> {
  const cap = maxCostUsd ?? jobBudgetUsd;
  if (cap > jobBudgetUsd)
    throw new ValidationError([{ field: 'maxCostUsd', message: `must be at most ${jobBudgetUsd}` }]);
  return Number.isFinite(cap) ? { maxCostNanoUsd: nanoUsdOf(cap) } : {};
}
