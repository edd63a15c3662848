/** The exported handlers as they are deployed, on the embedded emulators: from a submit to every way a report can be had. */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { EventBridgeEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEvents } from '#local/emulators/events.ts';
import { installAwsLambda } from '#local/gateway/awslambda.ts';
import { eventBridgeClient } from '#shared/aws/clients.ts';
import { eventBridgeEvents } from '#shared/aws/events.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { JobView, SubmittedView } from '#shared/contracts/job.ts';
import { changeEnvironment } from '#shared/env.ts';
import { countCoverage } from '#shared/finding/coverage.ts';
import { endTask } from '#shared/job/flow.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';
import { type Emulators, startEmulators, TEST_CREDENTIALS, TEST_REGION } from '#test/support/emulators.ts';
import { aFinding, leaveResult } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { ADMIN_ARN, CALLERS, call, callStreaming, OTHER_ARN, type TestRequest } from '#test/support/proxy-event.ts';

const TENANT = '111111111111';
/** Of a tenant that has no jobs yet. */
const FRESH_ARN = 'arn:aws:sts::333333333333:assumed-role/fresh/dave';
const BUS = 'scanfleet-test';

let emulators: Emulators;
let closeEvents: () => Promise<void>;
const delivered: EventBridgeEvent<string, unknown>[] = [];
let handlers: Record<
  | 'submit'
  | 'get'
  | 'list'
  | 'cancel'
  | 'retry'
  | 'delete'
  | 'timeline'
  | 'findings'
  | 'coverage'
  | 'stats'
  | 'export'
  | 'link'
  | 'build'
  | 'sweep',
  unknown
>;

beforeAll(async () => {
  captureLog();
  installAwsLambda();
  emulators = await startEmulators();
  const bus = await startEvents({
    bus: BUS,
    region: TEST_REGION,
    identities: new Map([[TEST_CREDENTIALS.accessKeyId, TEST_CREDENTIALS]]),
    now: () => new Date(),
    onFault: (error) => {
      throw error;
    },
    deliver: (event) => delivered.push(event),
  });
  closeEvents = bus.close;
  changeEnvironment({
    AWS_ENDPOINT_URL_EVENTBRIDGE: bus.endpoint,
    JOB_TABLE: emulators.table,
    RESULTS_BUCKET: emulators.bucket,
    TASK_QUEUE_URL_SMALL: emulators.queueUrls.small,
    TASK_QUEUE_URL_LARGE: emulators.queueUrls.large,
    DEAD_LETTER_QUEUE_URL_SMALL: emulators.deadLetterUrls.small,
    DEAD_LETTER_QUEUE_URL_LARGE: emulators.deadLetterUrls.large,
    EVENT_BUS: BUS,
    CALLER_SETTINGS: JSON.stringify(CALLERS),
    SCANFLEET_RATE_LIMIT: 'off',
  });
  const [submit, get, list, cancel, retry, remove, timeline, findings, coverage, stats, report, link, build, sweep] =
    await Promise.all([
      import('#functions/submit-job/handler.ts'),
      import('#functions/get-job/handler.ts'),
      import('#functions/list-jobs/handler.ts'),
      import('#functions/cancel-job/handler.ts'),
      import('#functions/retry-job/handler.ts'),
      import('#functions/delete-job/handler.ts'),
      import('#functions/get-timeline/handler.ts'),
      import('#functions/get-findings/handler.ts'),
      import('#functions/get-coverage/handler.ts'),
      import('#functions/get-stats/handler.ts'),
      import('#functions/export-report/handler.ts'),
      import('#functions/report-link/handler.ts'),
      import('#functions/build-report/handler.ts'),
      import('#functions/sweep-tasks/handler.ts'),
    ]);
  handlers = {
    submit: submit.handler,
    get: get.handler,
    list: list.handler,
    cancel: cancel.handler,
    retry: retry.handler,
    delete: remove.handler,
    timeline: timeline.handler,
    findings: findings.handler,
    coverage: coverage.handler,
    stats: stats.handler,
    export: report.handler,
    link: link.handler,
    build: build.handler,
    sweep: sweep.handler,
  };
});

afterAll(async () => {
  await closeEvents();
  await emulators.close();
});

const REQUEST = {
  targets: ['198.51.100.0/25'],
  scanners: [{ name: 'nmap', options: { ports: '22' } }],
  profile: 'full',
};
const submit = async (request: TestRequest = {}) => call(handlers.submit, { body: REQUEST, ...request });
const onJob = (jobId: string, request: TestRequest = {}) => ({ pathParameters: { jobId }, ...request });
const deliver = (handler: unknown, event: object) =>
  (handler as (event: object, context: object) => Promise<void>)(event, {});

/** Works off the queued tasks of the job, at most so many, as a worker would, with `findings` findings each; the last one fails when `lastFails`. */
async function workOff(jobId: string, findings: number, lastFails = false, atMost = 1_000): Promise<void> {
  const jobs = dynamoJobStore({
    client: emulators.dynamodb,
    table: emulators.table,
    limits: DEFAULT_LIMITS,
    now: () => new Date(),
  });
  const queue = sqsTaskQueue(emulators.sqs, emulators.queueUrls);
  const deps = { jobs, queue, events: eventBridgeEvents(eventBridgeClient(), BUS) };
  const results = s3Results(emulators.s3, emulators.bucket);
  const { taskList = [] } = JobView.parse((await call(handlers.get, onJob(jobId, { userArn: ADMIN_ARN }))).json);
  for (const { taskId } of taskList.filter(({ status }) => status === 'queued').slice(0, atMost)) {
    const claimed = await jobs.claim({ jobId, taskId }, 'worker-1');
    if (claimed === undefined) throw new Error(`task ${taskId} could not be claimed`);
    if (lastFails && taskId === taskList.at(-1)?.taskId) {
      const error = { code: 'scanner_failed', message: 'nmap ended with code 1', retryable: false };
      await endTask(deps, claimed.held, { status: 'failed', error }, []);
      continue;
    }
    const list = Array.from({ length: findings }, (_, n) =>
      aFinding({ rule: `${taskId}-${n}`, severity: n === 0 ? 'high' : 'info' }),
    );
    const coverage = [{ target: '198.51.100.0/25', host: `198.51.100.${Number(taskId)}`, status: 'reached' as const }];
    const result = await leaveResult(
      results,
      { tenant: TENANT, jobId, taskId, attempt: claimed.held.attempt },
      list,
      coverage,
    );
    await endTask(
      deps,
      claimed.held,
      { status: 'completed', result: { ...result, coverage: countCoverage(coverage) } },
      [],
    );
  }
}

describe('from a submit to its report', () => {
  let jobId: string;

  it('a submit makes a job with its tasks, messages on the queue and an event', async () => {
    const { status, json, headers } = await submit();
    expect(status).toBe(201);
    const job = SubmittedView.parse(json);
    jobId = job.jobId;
    expect(headers.get('location')).toBe(`/jobs/${jobId}`);
    expect(job).toMatchObject({ status: 'queued', queuePosition: 0, tasks: { total: 2, queued: 2 }, targetCount: 1 });
    const queue = sqsTaskQueue(emulators.sqs, emulators.queueUrls);
    const messages = await queue.receive('small', { max: 10, waitSeconds: 0 });
    expect(messages.map(({ body }) => JSON.parse(body))).toEqual([
      { jobId, taskId: '0001' },
      { jobId, taskId: '0002' },
    ]);
    expect(delivered).toContainEqual(
      expect.objectContaining({
        'detail-type': 'JobSubmitted',
        detail: expect.objectContaining({ jobId, workerSizes: ['small'] }),
      }),
    );
  });

  it('the job is shown and listed to its tenant and to an admin, and to nobody else', async () => {
    expect((await call(handlers.get, onJob(jobId))).json).toMatchObject({ jobId, targets: ['198.51.100.0/25'] });
    expect((await call(handlers.get, onJob(jobId, { userArn: ADMIN_ARN }))).status).toBe(200);
    expect((await call(handlers.get, onJob(jobId, { userArn: OTHER_ARN }))).status).toBe(404);
    const listed = (await call(handlers.list, { query: { target: '198.51.100.0/25' } })).json;
    expect(listed.jobs.map((job: { jobId: string }) => job.jobId)).toEqual([jobId]);
    expect((await call(handlers.list, { userArn: OTHER_ARN })).json).toEqual({ jobs: [] });
  });

  it('has no report before it has ended', async () => {
    expect(await callStreaming(handlers.export, onJob(jobId))).toMatchObject({ status: 409 });
    expect(await call(handlers.link, onJob(jobId))).toMatchObject({ status: 409, json: { code: 'job_not_finished' } });
  });

  it('the report holds coverage, counts and findings of every task', async () => {
    await workOff(jobId, 3);
    const { status, headers, json } = await callStreaming(handlers.export, onJob(jobId));
    expect([status, headers.get('scanfleet-findings')]).toEqual([200, '6']);
    expect(json.job).toMatchObject({ jobId, status: 'completed', percent: 100, findings: 6 });
    expect(json.coverage).toHaveLength(2);
    expect(json.counts).toEqual({ findings: 6, bySeverity: { critical: 0, high: 2, medium: 0, low: 0, info: 4 } });
    expect(json.findings.map(({ rule }: { rule: string }) => rule)).toEqual([
      '0001-0', '0001-1', '0001-2', '0002-0', '0002-1', '0002-2',
    ]); // biome-ignore format: one line
    expect(delivered).toContainEqual(
      expect.objectContaining({
        'detail-type': 'JobFinished',
        detail: expect.objectContaining({ jobId, status: 'completed' }),
      }),
    );
  });

  it('the stitched report is the plain one', async () => {
    const query = { format: 'ndjson' };
    const plain = await callStreaming(handlers.export, onJob(jobId, { query }));
    const stitched = await callStreaming(
      handlers.export,
      onJob(jobId, { query, headers: { 'accept-encoding': 'gzip' } }),
    );
    expect(stitched.headers.get('content-encoding')).toBe('gzip');
    expect(gunzipSync(stitched.body).toString()).toBe(plain.text);
    expect(plain.text).toMatch(/\n\{"end":true,"findings":6\}\n$/);
  });

  it('a link downloads the same document without credentials, and nothing else', async () => {
    const asked = await call(handlers.link, onJob(jobId));
    expect(asked.status).toBe(202);
    const requested = delivered.filter((event) => event['detail-type'] === 'ReportRequested');
    expect(requested).toHaveLength(1);
    await deliver(handlers.build, requested[0] as object);
    const { status, json } = await call(handlers.link, onJob(jobId));
    expect(status).toBe(200);
    const response = await fetch(json.url);
    const document = Buffer.from(await response.arrayBuffer());
    expect(response.status).toBe(200);
    expect(response.headers.get('content-disposition')).toContain(`scanfleet-${jobId}.json`);
    expect(document.length).toBe(json.bytes);
    expect(createHash('sha256').update(document).digest('hex')).toBe(json.sha256);
    const { text } = await callStreaming(handlers.export, onJob(jobId));
    expect(document.toString()).toBe(text);
    expect((await fetch(json.url.replace(jobId, '019a0000-0000-7000-8000-00000000dead'))).status).toBe(403);
  });

  it('nothing is left for the sweeper', async () => {
    await deliver(handlers.sweep, { id: 'event-1', 'detail-type': 'Scheduled Event', detail: {} });
    expect((await call(handlers.get, onJob(jobId))).json.status).toBe('completed');
  });
});

describe('a job in which a task failed', () => {
  it('still serves what the others found, and says what was not scanned and why', async () => {
    const { jobId } = (await submit()).json;
    await workOff(jobId, 1, true);
    const { json } = await callStreaming(handlers.export, onJob(jobId));
    expect(json.job).toMatchObject({ status: 'failed', verdict: 'incomplete' });
    expect(json.findings).toHaveLength(1);
    const missed = json.coverage.filter(({ status }: { status: string }) => status === 'not_scanned');
    expect(missed).toHaveLength(64);
    expect(missed[63]).toEqual({
      scanner: 'nmap',
      target: '198.51.100.0/25',
      host: '198.51.100.127',
      status: 'not_scanned',
      reason: 'nmap ended with code 1',
    });
  });
});

describe('a retry', () => {
  /** What is on the queue, which is empty then. */
  const messages = async () => {
    const queue = sqsTaskQueue(emulators.sqs, emulators.queueUrls);
    const received = await queue.receive('small', { max: 10, waitSeconds: 0 });
    for (const { receipt } of received) await queue.remove('small', receipt);
    return received.map(({ body }) => JSON.parse(body));
  };

  it('runs only what did not complete, and the report then holds both rounds', async () => {
    while ((await messages()).length > 0);
    const { jobId } = (await submit()).json;
    expect(await call(handlers.retry, onJob(jobId))).toMatchObject({ status: 409, json: { code: 'job_state' } });
    await messages();
    await workOff(jobId, 1, true);
    delivered.length = 0;
    const { status, json } = await call(handlers.retry, onJob(jobId));
    expect(status).toBe(202);
    expect(json).toMatchObject({ status: 'queued', verdict: null, tasks: { queued: 1, completed: 1, failed: 0 } });
    expect(await messages()).toEqual([{ jobId, taskId: '0002' }]);
    expect(delivered).toEqual([
      expect.objectContaining({
        'detail-type': 'JobSubmitted',
        detail: expect.objectContaining({ jobId, workerSizes: ['small'] }),
      }),
    ]);
    await workOff(jobId, 1);
    const { taskList } = (await call(handlers.get, onJob(jobId))).json;
    expect(taskList.map(({ attempt }: { attempt: number }) => attempt)).toEqual([1, 2]);
    const report = (await callStreaming(handlers.export, onJob(jobId))).json;
    expect(report.job).toMatchObject({ status: 'completed', findings: 2 });
    expect(report.findings.map(({ rule }: { rule: string }) => rule)).toEqual(['0001-0', '0002-0']);
  });

  it("does not reach another tenant's job", async () => {
    const { jobId } = (await submit()).json;
    await workOff(jobId, 0, true);
    expect(await call(handlers.retry, onJob(jobId, { userArn: OTHER_ARN }))).toMatchObject({ status: 404 });
    expect((await call(handlers.get, onJob(jobId))).json.status).toBe('failed');
  });
});

describe('findings and coverage in pages', () => {
  /** The rules, or hosts, of each page of a list to its end, and whether that said it was complete. */
  async function pages(name: 'findings' | 'coverage', jobId: string, query: Record<string, string>) {
    const found: string[][] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const asked = { ...query, ...(cursor === undefined ? {} : { cursor }) };
      const { status, json } = await call(handlers[name], onJob(jobId, { query: asked }));
      expect([status, json.complete]).toEqual([200, false]);
      found.push(json[name].map((row: { rule?: string; host?: string }) => row.rule ?? row.host));
      cursor = json.nextCursor;
    }
    return found;
  }

  it('hold what the ended tasks of a running job left, and say that they are not complete', async () => {
    const { jobId } = (await submit()).json;
    await workOff(jobId, 3, false, 1);
    expect(await pages('findings', jobId, { limit: '2' })).toEqual([['0001-0', '0001-1'], ['0001-2']]);
    expect(await pages('findings', jobId, { limit: '2', severity: 'high' })).toEqual([['0001-0']]);
    expect(await pages('coverage', jobId, { limit: '1' })).toEqual([['198.51.100.1']]);
  });
});

describe('the timeline', () => {
  it('tells both rounds of a retried job, page by page, and nobody else', async () => {
    const { jobId } = (await submit()).json;
    await workOff(jobId, 0, true);
    await call(handlers.retry, onJob(jobId));
    await workOff(jobId, 0);
    const told: string[] = [];
    let cursor: string | undefined;
    do {
      const query = { limit: '2', ...(cursor === undefined ? {} : { cursor }) };
      const { events, nextCursor } = (await call(handlers.timeline, onJob(jobId, { query }))).json;
      told.push(...events.map((e: Record<string, string>) => `${e.to ?? `${e.what} ${e.taskId}`}: ${e.why}`));
      cursor = nextCursor;
    } while (cursor !== undefined);
    expect(told).toEqual([
      'queued: submitted',
      'task_claimed 0001: received from the queue',
      'claim_ended 0001: completed',
      'task_claimed 0002: received from the queue',
      'claim_ended 0002: scanner_failed',
      'failed: every task has ended',
      'queued: retried by its caller',
      'task_claimed 0002: received from the queue',
      'claim_ended 0002: completed',
      'completed: every task has ended',
    ]);
    expect((await call(handlers.timeline, onJob(jobId, { userArn: OTHER_ARN }))).status).toBe(404);
  });
});

describe('the statistics', () => {
  it('count what ended today, of this tenant alone', async () => {
    const figures = async (userArn = FRESH_ARN) => (await call(handlers.stats, { userArn })).json;
    expect((await figures()).days).toEqual([]);
    const { jobId } = (await submit({ userArn: FRESH_ARN })).json;
    await workOff(jobId, 2, true);
    const { from, to, days, scanners } = await figures();
    expect([days[0].day, Date.parse(to) - Date.parse(from)]).toEqual([to, 29 * 86_400_000]);
    expect(scanners).toEqual([
      expect.objectContaining({
        scanner: 'nmap',
        jobs: 1,
        tasks: { completed: 1, failed: 1, timedOut: 0, cancelled: 0 },
        completionRate: 0.5,
        findings: 2,
      }),
    ]);
  });
});

describe('a delete', () => {
  /** Every object of the job, whatever it is. */
  const objectsOf = async (jobId: string) => {
    const { Contents = [] } = await emulators.s3.send(new ListObjectsV2Command({ Bucket: emulators.bucket }));
    return Contents.map(({ Key = '' }) => Key).filter((key) => key.includes(jobId));
  };

  it('leaves nothing of an ended job: no record, no result, no plan, no report', async () => {
    const targets = Array.from({ length: 200 }, (_, n) => `host-${n}.example`);
    const { jobId } = (await submit({ body: { ...REQUEST, targets } })).json;
    expect(await call(handlers.delete, onJob(jobId))).toMatchObject({ status: 409, json: { code: 'job_state' } });
    await workOff(jobId, 1);
    delivered.length = 0;
    await call(handlers.link, onJob(jobId));
    await deliver(handlers.build, delivered[0] as object);
    const areas = new Set((await objectsOf(jobId)).map((key) => key.split('/')[0]));
    expect([...areas].sort()).toEqual(['plans', 'reports', 'results']);

    expect((await call(handlers.delete, onJob(jobId, { userArn: OTHER_ARN }))).status).toBe(404);
    expect((await call(handlers.delete, onJob(jobId))).status).toBe(204);
    expect(await objectsOf(jobId)).toEqual([]);
    expect((await call(handlers.get, onJob(jobId))).status).toBe(404);
    expect((await callStreaming(handlers.export, onJob(jobId))).status).toBe(404);
    const { jobs } = (await call(handlers.list)).json;
    expect(jobs.map((job: { jobId: string }) => job.jobId)).not.toContain(jobId);
    expect((await call(handlers.delete, onJob(jobId))).status).toBe(204);
    expect((await call(handlers.delete, onJob(jobId, { userArn: OTHER_ARN }))).status).toBe(404);
  });
});

describe('an idempotency key', () => {
  it('gives one job, with the first answer byte for byte, and 409 for another request', async () => {
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': 'key-1' };
    const first = await submit({ headers });
    const again = await submit({ headers, body: { ...REQUEST, idempotencyKey: 'key-1' } });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.text).toBe(first.text);
    const other = await submit({ headers, body: { ...REQUEST, name: 'other' } });
    expect(other).toMatchObject({ status: 409, json: { code: 'idempotency_key_reused' } });
  });
});

describe('a cancel', () => {
  it('ends a job of which nothing ran, at once and as often as asked', async () => {
    const { jobId } = (await submit()).json;
    const first = await call(handlers.cancel, onJob(jobId));
    expect(first).toMatchObject({ status: 202, json: { status: 'cancelled', stopReason: 'cancel' } });
    expect((await call(handlers.cancel, onJob(jobId))).status).toBe(202);
    expect((await callStreaming(handlers.export, onJob(jobId))).json.counts.findings).toBe(0);
  });
});

describe('1,000 targets', () => {
  it('lie in the object store, and are all accounted for', async () => {
    const targets = Array.from({ length: 1_000 }, (_, n) => `host-${n}.example`);
    const { json } = await submit({ body: { ...REQUEST, targets } });
    expect(json).toMatchObject({ targetCount: 1_000, targets: targets.slice(0, 100) });
    expect((await call(handlers.get, onJob(json.jobId))).json.targets).toEqual(targets.slice(0, 100));
    await call(handlers.cancel, onJob(json.jobId));
    const { coverage } = (await callStreaming(handlers.export, onJob(json.jobId))).json;
    expect(coverage.map(({ host }: { host: string }) => host)).toEqual(targets);
  });
});
