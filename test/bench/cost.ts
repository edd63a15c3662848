/**
 * What a thousand small scans cost: nmap of one host and a few ports, as jobs of their own through the real local service, by the account
 * of each job; beside it the floor, Fargate's price of the same workers' time alone.
 *
 *   node test/bench/cost.ts [--jobs 30] [--ports 1-100]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { JobView } from '#shared/contracts/job.ts';
import { JOB_REQUESTS_USD } from '#shared/cost/requests.ts';
import { workerUsd } from '#shared/cost/usage.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';
import { startService } from '#test/support/service.ts';

const { values } = parseArgs({
  options: { jobs: { type: 'string', default: '30' }, ports: { type: 'string', default: '1-100' } },
});
const count = Math.min(200, Math.max(1, Math.floor(Number(values.jobs)) || 1));
const POLL_MS = 250;

const service = await startService({ env: { SCANFLEET_RATE_LIMIT: 'off', SCANFLEET_QUOTA: 'off' } });
try {
  const acme = service.as('acme');
  const read = async (path: string, init = {}) => JobView.parse(await (await service.ask(acme, path, init)).json());
  // Each on an address of its own, so that none waits for another's host.
  const submit = (n: number) =>
    read('/jobs', {
      method: 'POST',
      json: {
        targets: [`127.2.${Math.floor(n / 250)}.${1 + (n % 250)}`],
        scanners: [{ name: 'nmap', options: { ports: values.ports } }],
      },
    });
  const ended = async ({ jobId }: JobView): Promise<JobView> => {
    for (;;) {
      const job = await read(`/jobs/${jobId}`);
      if (job.verdict !== null) return job;
      await delay(POLL_MS);
    }
  };
  const jobs: JobView[] = [];
  for (let n = 0; n < count; n += 1) jobs.push(await submit(n));
  const accounts = await Promise.all(jobs.map(ended));
  if (accounts.some(({ status }) => status !== 'completed')) throw new Error('not all jobs were completed');
  const sum = (of: (job: JobView) => number) => accounts.reduce((total, job) => total + of(job), 0);
  const workerSeconds = sum(({ usage }) => usage.workerSeconds);
  const perThousand = (usd: number) => `${((1_000 * usd) / count).toFixed(4)} USD`;
  const floorUsd = workerUsd('small', workerSeconds * 1_000, DEFAULT_LIMITS);
  const countedUsd = sum(({ usage }) => usage.costUsd);
  console.log(`${count} jobs of one host, ports ${values.ports}; of 1,000 such scans:
    worker time alone (the floor)   ${perThousand(floorUsd)}   ${(workerSeconds / count).toFixed(2)} s of a worker each
    as counted, with requests       ${perThousand(countedUsd)}   ${(countedUsd / floorUsd).toFixed(1)} × the floor; ${(sum(({ usage }) => usage.storedBytes) / count / 1_024).toFixed(1)} KiB of results each
    with the jobs' own requests     ${perThousand(countedUsd + count * JOB_REQUESTS_USD)}`);
} finally {
  await service.stop();
}
