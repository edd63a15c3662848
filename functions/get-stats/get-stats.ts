/** The figures of the caller's tenant by day and scanner, and over all days. */
import type { getStatsRoute, StatsResponse } from '#shared/contracts/stats.ts';
import { usdOf } from '#shared/cost/usage.ts';
import { ValidationError } from '#shared/errors.ts';
import { figuresView, sumOf } from '#shared/job/statistics.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { Limits } from '#shared/limits.ts';
import { SCANNER_NAMES } from '#shared/scanner/definition.ts';
import { secondsAfter } from '#shared/time.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface GetStatsDeps {
  readonly jobs: Pick<JobStore, 'readStats' | 'readSpent'>;
  readonly limits: Pick<Limits, 'jobBudgetUsd' | 'dayBudgetUsd' | 'smallWorkerHourUsd' | 'largeWorkerHourUsd'>;
  readonly now: () => Date;
}

/** With the last day itself, 30 days. */
const DAYS_BEFORE = 29;
const SECONDS_PER_DAY = 86_400;

export async function getStats(
  { jobs, limits, now }: GetStatsDeps,
  { caller, query }: HttpRequest<typeof getStatsRoute>,
): Promise<HttpAnswer> {
  const today = now().toISOString().slice(0, 10);
  const { to = today } = query;
  const { from = secondsAfter(`${to}T00:00:00.000Z`, -DAYS_BEFORE * SECONDS_PER_DAY).slice(0, 10) } = query;
  if (from > to) throw new ValidationError([{ field: 'from', message: `must not be after to, which is ${to}` }]);
  const [found, spentNanoUsd] = await Promise.all([
    jobs.readStats(caller.tenant, from, to),
    jobs.readSpent(caller.tenant, today),
  ]);
  const body: StatsResponse = {
    from,
    to,
    days: found.map(({ day, scanner, figures }) => ({ day, scanner, ...figuresView(figures) })),
    scanners: SCANNER_NAMES.flatMap((scanner) => {
      const own = found.filter((one) => one.scanner === scanner).map(({ figures }) => figures);
      return own.length === 0 ? [] : [{ scanner, ...figuresView(sumOf(own)) }];
    }),
    budget: {
      jobUsd: finiteOrNull(limits.jobBudgetUsd),
      dayUsd: finiteOrNull(limits.dayBudgetUsd),
      spentTodayUsd: spentNanoUsd === undefined ? null : usdOf(spentNanoUsd),
      workerHourUsd: { small: limits.smallWorkerHourUsd, large: limits.largeWorkerHourUsd },
    },
  };
  return { status: 200, body };
}

const finiteOrNull = (limit: number): number | null => (Number.isFinite(limit) ? limit : null);
