/** A tenant's figures: an item for each day and scanner, added to when a job ends. */
import type { Job } from '../../job/job.ts';
import { type DayFigures, FIGURES, type Figures, figuresOf } from '../../job/statistics.ts';
import { SCHEMA_VERSION } from '../../names.ts';
import type { Task } from '../../task/task.ts';
import { epochSecondsOf } from '../../time.ts';
import { dayAndScannerOf, statsKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import type { Item } from './database.ts';
import type { Update } from './expression.ts';

const STATS_TTL_SECONDS = 90 * 86_400;
/** After every scanner's name. */
const LAST = '~';

/** What ends with `job` at `at`, for each of its scanners. */
export const countRound = (job: Job, tasks: readonly Task[], at: string): Update[] =>
  job.scanners.map((scanner) => ({
    kind: 'update',
    key: statsKey(job.tenant, at.slice(0, 10), scanner),
    set: { schemaVersion: SCHEMA_VERSION, expiresAtEpochSeconds: epochSecondsOf(at) + STATS_TTL_SECONDS },
    add: figuresOf(job, tasks, scanner, at),
  }));

/** Of the days `from` to `to`, both included, in order of day and scanner. */
export async function readStats(
  { db }: Pick<StoreContext, 'db'>,
  tenant: string,
  from: string,
  to: string,
): Promise<readonly DayFigures[]> {
  const { pk, sk: first } = statsKey(tenant, from, '');
  const query = {
    where: '#pk = :pk AND #sk BETWEEN :first AND :last',
    values: { pk, first, last: statsKey(tenant, to, LAST).sk },
  };
  const found: DayFigures[] = [];
  for await (const items of db.pages(query))
    found.push(...items.map((item) => ({ ...dayAndScannerOf(String(item.sk)), figures: figuresIn(item) })));
  return found;
}

/** What an item does not name yet was never counted. */
const figuresIn = (item: Item): Figures =>
  Object.fromEntries(FIGURES.map((name) => [name, item[name] ?? 0])) as Figures;
