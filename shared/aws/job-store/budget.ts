/**
 * A tenant's budget of the day: one item, to which a job tells what it has cost since it last did, when the sweeper looks at it and when
 * it ends. Job and day change in one transaction, so each cent is told once; and no end of a task costs a write more.
 */
import { isSpent } from '../../cost/budget.ts';
import { nanoUsdOf } from '../../cost/usage.ts';
import { ConflictError, LimitError } from '../../errors.ts';
import type { Job } from '../../job/job.ts';
import { SCHEMA_VERSION } from '../../names.ts';
import { epochMsOf } from '../../time.ts';
import { budgetKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import type { Item } from './database.ts';
import type { Attributes, Update } from './expression.ts';
import { expiryIn } from './items.ts';

/** As long as anybody may ask what a day of the last months cost. */
const BUDGET_TTL_SECONDS = 90 * 86_400;
const DAY_MS = 86_400_000;

interface Telling {
  /** Joined to the condition of the job's own update, with its values and what it sets. */
  readonly when: string;
  readonly values: Attributes;
  readonly set: Attributes;
  readonly day: Update;
}

/** What goes into a transaction that changes the job; undefined where there is nothing to tell, or nobody counts. */
export function tellDay({ limits, now }: StoreContext, job: Job): Telling | undefined {
  const { tenant, costNanoUsd, toldNanoUsd } = job;
  if (costNanoUsd <= toldNanoUsd || !Number.isFinite(limits.dayBudgetUsd)) return undefined;
  return {
    // A job of an older version tells for the first time.
    when: ' AND (attribute_not_exists(#toldNanoUsd) OR #toldNanoUsd = :told)',
    values: { told: toldNanoUsd },
    set: { toldNanoUsd: costNanoUsd },
    day: {
      kind: 'update',
      key: budgetKey(tenant, dayOf(now())),
      set: { schemaVersion: SCHEMA_VERSION, ...expiryIn(now(), BUDGET_TTL_SECONDS) },
      add: { costNanoUsd: costNanoUsd - toldNanoUsd },
    },
  };
}

const dayOf = (now: Date): string => now.toISOString().slice(0, 10);

/** Whether nothing more of the tenant begins today. Eventually consistent. `untoldNanoUsd`: of a job at hand. */
export async function isDaySpent(
  { db, limits, now }: StoreContext,
  tenant: string,
  untoldNanoUsd = 0,
): Promise<boolean> {
  if (!Number.isFinite(limits.dayBudgetUsd)) return false;
  return spentOf(await db.peek(budgetKey(tenant, dayOf(now())))) + untoldNanoUsd >= nanoUsdOf(limits.dayBudgetUsd);
}

export async function readSpent(
  { db, limits }: Pick<StoreContext, 'db' | 'limits'>,
  tenant: string,
  day: string,
): Promise<number | undefined> {
  return Number.isFinite(limits.dayBudgetUsd) ? spentOf(await db.peek(budgetKey(tenant, day))) : undefined;
}

const spentOf = (item: Item | undefined): number => (typeof item?.costNanoUsd === 'number' ? item.costNanoUsd : 0);

/** The day is UTC's: it ends at midnight. */
export function daySpent({ limits, now }: Pick<StoreContext, 'limits' | 'now'>): LimitError {
  const untilMidnightMs = DAY_MS - (epochMsOf(now()) % DAY_MS);
  return new LimitError(
    'budget_exhausted',
    `the tenant has spent its budget of the day, ${limits.dayBudgetUsd} USD; the next begins at 00:00 UTC`,
    Math.ceil(untilMidnightMs / 1_000),
  );
}

/** ConflictError for a job that would end at once as it did before. */
export function refuseSpent(job: Job, { jobBudgetUsd }: StoreContext['limits']): void {
  if (!isSpent(job)) return;
  const most = Number.isFinite(jobBudgetUsd) ? `, at most ${jobBudgetUsd}` : '';
  throw new ConflictError('budget_exhausted', `the job has spent its budget: retry it with a higher maxCostUsd${most}`);
}
