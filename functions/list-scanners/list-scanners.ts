/** Each scanner there is a definition of: whether the workers have it, and how it has done of late. */
import * as z from 'zod';
import type { listScannersRoute, ScannersResponse, ScannerView } from '#shared/contracts/scanners.ts';
import { UnavailableError } from '#shared/errors.ts';
import type { Figures } from '#shared/job/statistics.ts';
import type { JobStore } from '#shared/job/store.ts';
import { logger } from '#shared/observability/logger.ts';
import { type Availabilities, availabilityOf } from '#shared/scanner/availability.ts';
import { SCANNERS } from '#shared/scanner/index.ts';
import { availabilityOfInstances, type InstanceState } from '#shared/scanner/instances.ts';
import { secondsAfter } from '#shared/time.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface ListScannersDeps {
  readonly jobs: Pick<JobStore, 'readStats'>;
  readonly availability: Availabilities;
  /** Of Nessus. */
  readonly instances: () => Promise<readonly InstanceState[]>;
  readonly now: () => Date;
}

const SECONDS_PER_DAY = 86_400;

export async function listScanners(
  { jobs, availability, instances, now }: ListScannersDeps,
  { caller }: HttpRequest<typeof listScannersRoute>,
): Promise<HttpAnswer> {
  const at = now().toISOString();
  const [yesterday, today] = [secondsAfter(at, -SECONDS_PER_DAY).slice(0, 10), at.slice(0, 10)];
  const [days, nessus] = await Promise.all([jobs.readStats(caller.tenant, yesterday, today), stateOfNessus(instances)]);
  const body: ScannersResponse = {
    scanners: [...SCANNERS.values()].map(({ name, title, accepts, options }) => {
      const own = days.filter(({ scanner }) => scanner === name).map(({ figures }) => figures);
      const { list, ...state } =
        name === 'nessus' ? nessus : { ...availabilityOf(availability, name), list: undefined };
      return {
        ...{ name, title, ...state, health: state.available ? healthOf(own) : 'unavailable', accepts: [...accepts] },
        imports: accepts.includes('upload'),
        options: { ...z.toJSONSchema(options, { io: 'input' }) },
        ...(list && { instances: [...list] }),
      };
    }),
  };
  return { status: 200, body };
}

/** A list of instances that cannot be read is a reason, and hides no other scanner. */
async function stateOfNessus(instances: ListScannersDeps['instances']) {
  try {
    const list = await instances();
    return { ...availabilityOfInstances(list), list };
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    logger.warn('the instances of a scanner cannot be shown', { error });
    return { available: false, reason: error.message, list: [] } as const;
  }
}

/** A task that timed out or was cancelled says nothing of its scanner. */
function healthOf(days: readonly Figures[]): ScannerView['health'] {
  const completed = days.reduce((sum, { nCompleted }) => sum + nCompleted, 0);
  const failed = days.reduce((sum, { nFailed }) => sum + nFailed, 0);
  if (failed > 0) return completed > 0 ? 'degraded' : 'failing';
  return completed > 0 ? 'healthy' : 'unknown';
}
