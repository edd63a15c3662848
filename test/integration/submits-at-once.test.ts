/** Many submits in the same moment, through the real gateway: one key makes one job, and neither quota nor rate is overrun. */
import { afterEach, expect, it } from 'vitest';
import * as z from 'zod';
import { startMcpClient } from '#test/support/mcp-client.ts';
import { runCli } from '#test/support/run-cli.ts';
import { type Identity, type RunningService, startService } from '#test/support/service.ts';

const MANY = 50;
const SCAN = { targets: ['127.0.0.1'], scanners: [{ name: 'nmap', options: { ports: '1-1024' } }] };
/** Jobs stay where they are: only the submits matter. */
const NO_WORKERS = { SCANFLEET_MAX_WORKERS: '0' };

let service: RunningService;
afterEach(() => service?.stop());

const submit = (who: Identity, json: object, key?: string): Promise<Response> =>
  service.ask(who, '/jobs', {
    method: 'POST',
    json,
    ...(key === undefined ? {} : { headers: { 'Idempotency-Key': key } }),
  });
const atOnce = <T>(call: (n: number) => Promise<T>, times = MANY): Promise<T[]> =>
  Promise.all(Array.from({ length: times }, (_, n) => call(n)));
const Jobs = z.object({ jobs: z.array(z.looseObject({ jobId: z.string() })) });
const jobsOf = async (who: Identity) => {
  const { jobs } = Jobs.parse(await (await service.ask(who, '/jobs?limit=100')).json());
  return jobs.map(({ jobId }) => jobId);
};
const count = <T>(values: readonly T[], wanted: T): number => values.filter((value) => value === wanted).length;

it('one key: one job, the same answer for all, and another request under it is refused', async () => {
  service = await startService({ env: { ...NO_WORKERS, SCANFLEET_RATE_LIMIT: 'off' } });
  const acme = service.as('acme');
  const answers = await atOnce(() => submit(acme, SCAN, 'one-key'));
  const statuses = answers.map(({ status }) => status);
  expect([count(statuses, 201), count(statuses, 200)]).toEqual([1, MANY - 1]);
  const bodies = await Promise.all(answers.map((answer) => answer.text()));
  expect(new Set(bodies).size).toBe(1);
  expect(new Set(answers.map(({ headers }) => headers.get('location'))).size).toBe(1);
  expect(await jobsOf(acme)).toEqual([JSON.parse(bodies[0] ?? '').jobId]);

  const others = await atOnce(() => submit(acme, { ...SCAN, targets: ['127.0.0.2'] }, 'one-key'), 5);
  for (const other of others) {
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({
      code: 'idempotency_key_reused',
      detail: expect.stringMatching(/[0-9a-f]{64}.*[0-9a-f]{64}/),
    });
  }
});

it('one key by command lines, one by AI clients: one job each', async () => {
  service = await startService({ env: { ...NO_WORKERS, SCANFLEET_RATE_LIMIT: 'off' } });
  const { accessKeyId, secretAccessKey } = service.as('acme');
  const env = {
    SCANFLEET_URL: service.endpoint,
    AWS_REGION: service.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const words = ['submit', '127.0.0.1', '--scanner', 'nmap', '--idempotency-key', 'cli-key'];
  const printed = await atOnce(() => runCli(words, { env }), 4);
  expect(printed.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  const client = await startMcpClient(env);
  const scan = { targets: ['127.0.0.1'], idempotency_key: 'mcp-key' };
  const scans = await atOnce(() => client.call('run_untrusted_scan', scan), 10).finally(() => client.close());
  const made = [
    ...new Set(printed.map(({ stdout }) => stdout.trim())),
    ...new Set(scans.map(({ structuredContent }) => structuredContent?.task_id)),
  ];
  expect(made).toHaveLength(2);
  expect((await jobsOf(service.as('acme'))).sort()).toEqual(made.sort());
});

it('the quota of a tenant is reached, and never passed', async () => {
  service = await startService({ env: { ...NO_WORKERS, SCANFLEET_RATE_LIMIT: 'off', SCANFLEET_QUOTA: '7' } });
  const acme = service.as('acme');
  const answers = await atOnce(() => submit(acme, SCAN));
  const statuses = answers.map(({ status }) => status);
  expect([count(statuses, 201), count(statuses, 429)]).toEqual([7, MANY - 7]);
  for (const refused of answers.filter(({ status }) => status === 429)) {
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(await refused.json()).toMatchObject({ code: 'quota_exceeded' });
  }
  expect(await jobsOf(acme)).toHaveLength(7);
  expect((await submit(service.as('globex'), SCAN)).status).toBe(201);
});

it('the rate of a principal is its burst and what came in since, and no more', async () => {
  service = await startService({ env: { ...NO_WORKERS, SCANFLEET_RATE_LIMIT: '0.1', SCANFLEET_RATE_BURST: '20' } });
  const acme = service.as('acme');
  const startMs = Date.now();
  const answers = await atOnce(() => submit(acme, SCAN));
  const cameInSince = Math.floor((Date.now() - startMs) / 10_000);
  const statuses = answers.map(({ status }) => status);
  expect(count(statuses, 201)).toBeGreaterThan(0);
  expect(count(statuses, 201)).toBeLessThanOrEqual(20 + cameInSince);
  expect(count(statuses, 201) + count(statuses, 429)).toBe(MANY);
  for (const refused of answers.filter(({ status }) => status === 429)) {
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: 'rate_limited' });
  }
});
