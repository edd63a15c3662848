/**
 * How long a scan outlives its cancel: from the 202 to the moment when nothing of nmap's process group is left, through the whole local
 * service with the real nmap. It is held against the cancel check, which looks once a second.
 *
 *   node test/bench/cancel-latency.ts [--runs 50]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { JobView } from '#shared/contracts/job.ts';
import { descendantsOf } from '#test/support/processes.ts';
import { type RunningService, startService } from '#test/support/service.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '50' } } });
const runs = Math.min(200, Math.max(1, Math.floor(Number(values.runs)) || 1));

/** How finely the end is seen. */
const POLL_MS = 2;
const PATIENCE_MS = 30_000;

async function until<T>(look: () => T | undefined | Promise<T | undefined>, pauseMs: number): Promise<T> {
  const endMs = performance.now() + PATIENCE_MS;
  while (performance.now() < endMs) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await delay(pauseMs);
  }
  throw new Error('waited in vain');
}

/** A group exists as long as one of its processes does (kill(2)). */
function groupIsGone(pgid: number): true | undefined {
  try {
    process.kill(-pgid, 0);
    return undefined;
  } catch {
    return true;
  }
}

/** Milliseconds from the answer to a cancel to the end of the scanner's group. Each run has an address of its own, so that none waits for another. */
async function cancelOnce(service: RunningService, run: number): Promise<number> {
  const acme = service.as('acme');
  const options = { ports: '1-65535', timing: 2 };
  const json = { targets: [`127.0.1.${run + 1}`], scanners: [{ name: 'nmap', options }] };
  const submitted = await service.ask(acme, '/jobs', { method: 'POST', json });
  const { jobId } = JobView.parse(await submitted.json());
  await until(async () => {
    const job = JobView.parse(await (await service.ask(acme, `/jobs/${jobId}`)).json());
    return job.taskList?.[0]?.progress;
  }, 50);
  const nmap = (await descendantsOf(service.pid)).find(({ name }) => name === 'nmap');
  if (nmap === undefined) throw new Error('no nmap is running');
  await delay(Math.random() * 1_000); // The cancel must not keep step with the check.
  const { status } = await service.ask(acme, `/jobs/${jobId}/cancel`, { method: 'POST' });
  const answeredMs = performance.now();
  if (status !== 202) throw new Error(`the cancel was answered with ${status}`);
  await until(() => groupIsGone(nmap.pid), POLL_MS);
  return performance.now() - answeredMs;
}

const service = await startService({ env: { SCANFLEET_RATE_LIMIT: 'off' } });
const latencies: number[] = [];
try {
  for (let run = 0; run < runs; run += 1) latencies.push(await cancelOnce(service, run));
} finally {
  await service.stop();
}
latencies.sort((a, b) => a - b);
const at = (share: number) => Math.round(latencies[Math.ceil(latencies.length * share) - 1] ?? Number.NaN);
process.stdout.write(`cancels             ${runs}, one at a time, nmap -T2 over 65,535 ports of a loopback address each
202 to group gone   p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms
reference           the job is looked at once a second: 0 to 1,000 ms of waiting, nmap itself ends some 4 ms after SIGTERM
to reach            p99 under 2,000 ms
`);
