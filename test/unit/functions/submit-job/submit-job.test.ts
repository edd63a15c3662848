import { beforeEach, describe, expect, it } from 'vitest';
import { httpHandler } from '#functions/middleware/http.ts';
import { type SubmitJobDeps, submitJob } from '#functions/submit-job/submit-job.ts';
import { SubmittedView } from '#shared/contracts/job.ts';
import { routes } from '#shared/contracts/routes.ts';
import { LimitError } from '#shared/errors.ts';
import type { JobStore, NewJob } from '#shared/job/store.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';
import type { InstanceState } from '#shared/scanner/instances.ts';
import type { Denials } from '#shared/target/denials.ts';
import { readPolicy } from '#shared/target/policy.ts';
import type { TaskRef } from '#shared/task/task.ts';
import { aJob } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { type MemoryResults, memoryResults } from '#test/support/memory-results.ts';
import { CALLERS, call, type TestRequest } from '#test/support/proxy-event.ts';

const NEW_ID = '019a0000-0000-7000-8000-00000000abcd';
const RELEASED: TaskRef[] = [{ jobId: NEW_ID, taskId: '0001', tenant: '111111111111', workerSize: 'small' }];
const REQUEST = { targets: ['198.51.100.7'], scanners: [{ name: 'nmap', options: { ports: '1-1024' } }] };

let log: ReturnType<typeof captureLog>;
let results: MemoryResults;
/** What reached the store, the queue and the bus, in order. */
let done: string[];
let stored: NewJob[];
/** Of which the bus was told. */
let denied: Denials[];

beforeEach(() => {
  log = captureLog();
  results = memoryResults();
  done = [];
  stored = [];
  denied = [];
});

const storing: JobStore['submit'] = async (newJob, answer) => {
  done.push('submit');
  stored.push(newJob);
  const job = aJob({ ...newJob.job, status: 'queued', taskCount: newJob.tasks.length, openCount: newJob.tasks.length });
  return { outcome: 'created', job, body: answer(job, 4), released: RELEASED };
};

const INSTANCES: readonly InstanceState[] = [
  { name: 'one', available: true, health: 'unknown', maxConcurrentScans: 4 },
  { name: 'two', available: false, health: 'unavailable', maxConcurrentScans: 4, reason: 'it refuses its credentials' },
];

const deps = (changes: Partial<SubmitJobDeps> = {}): SubmitJobDeps => ({
  jobs: { submit: storing, readUpload: async () => undefined },
  queue: {
    send: async (refs) => {
      done.push(`send ${refs.map(({ taskId }) => taskId)}`);
    },
  },
  results,
  events: {
    jobSubmitted: async ({ workerSizes }) => {
      done.push(`event ${workerSizes}`);
    },
    targetsDenied: async (denials) => {
      denied.push(denials);
    },
  },
  policy: async () => readPolicy({ deny: [{ domain: '.forbidden.example', reason: 'not ours' }] }),
  availability: { nmap: { available: true }, nuclei: { available: false, reason: 'nuclei is not installed' } },
  instances: async () => INSTANCES,
  limits: DEFAULT_LIMITS,
  now: () => new Date('2026-01-31T12:00:00.000Z'),
  newId: () => NEW_ID,
  ...changes,
});

const middleware = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };
const submit = (request: TestRequest, changes?: Partial<SubmitJobDeps>) =>
  call(
    httpHandler(routes.submitJob, middleware, (input) => submitJob(deps(changes), input)),
    request,
  );

describe('a submit', () => {
  it('answers 201 with the job, where it is, and what was stored', async () => {
    const { status, headers, json } = await submit({
      body: { ...REQUEST, name: 'weekly', labels: { ticket: 'SEC-7' } },
    });
    expect([status, headers.get('location')]).toEqual([201, `/jobs/${NEW_ID}`]);
    expect(SubmittedView.parse(json)).toMatchObject({
      jobId: NEW_ID,
      status: 'queued',
      verdict: null,
      name: 'weekly',
      labels: { ticket: 'SEC-7' },
      targets: ['198.51.100.7'],
      options: { nmap: { ports: '1-1024', timing: 4 } },
      queuePosition: 4,
      createdBy: '111111111111/acme',
      sessionId: 'alice',
      deadlineAt: '2026-02-01T12:00:00.000Z',
    });
    expect(stored[0]).toMatchObject({
      job: { jobId: NEW_ID, tenant: '111111111111', createdAt: '2026-01-31T12:00:00.000Z', deadlineSeconds: 86_400 },
      tasks: [{ scanner: 'nmap', workerSize: 'small', slice: { from: 0, count: 1 } }],
    });
    expect(stored[0]).not.toHaveProperty('idempotency');
  });

  it('wakes workers only after the job is stored', async () => {
    await submit({ body: REQUEST });
    expect(done).toEqual(['submit', 'send 0001', 'event small']);
    expect(log.lines).toContainEqual(expect.objectContaining({ JobsSubmitted: 1, TasksReleased: 1 }));
  });

  it('stands when queue and bus are away, and says so in the log', async () => {
    const away = () => Promise.reject(new Error('away'));
    const { status } = await submit(
      { body: REQUEST },
      { queue: { send: away }, events: { ...deps().events, jobSubmitted: away } },
    );
    expect(status).toBe(201);
    const warnings = log.lines.filter(({ level }) => level === 'WARN');
    expect(warnings).toEqual([expect.objectContaining({ jobId: NEW_ID }), expect.objectContaining({ jobId: NEW_ID })]);
  });

  it('stores each target once, in canonical form and in the order given', async () => {
    await submit({ body: { ...REQUEST, targets: ['WWW.Example.com', '198.51.100.7', 'www.example.com'] } });
    expect(stored[0]?.spec.targets).toEqual(['www.example.com', '198.51.100.7']);
  });

  it('puts many targets into the object store before the job', async () => {
    const targets = Array.from({ length: 300 }, (_, n) => `host-${n}.example`);
    const { json } = await submit(
      { body: { ...REQUEST, targets } },
      {
        jobs: {
          readUpload: async () => undefined,
          submit: (...given) => {
            done.push(`objects: ${[...results.objects.keys()]}`);
            return storing(...given);
          },
        },
      },
    );
    expect(done[0]).toBe(`objects: plans/111111111111/${NEW_ID}`);
    expect(results.objects.get(`plans/111111111111/${NEW_ID}`)?.toString().split('\n')).toEqual([...targets, '']);
    expect(json).toMatchObject({ targetCount: 300 });
    expect(json.targets).toEqual(targets.slice(0, 100));
  });

  it('refuses a scanner that the workers do not have, and says why', async () => {
    const { status, json } = await submit({ body: { ...REQUEST, scanners: [{ name: 'nmap' }, { name: 'nuclei' }] } });
    expect(status).toBe(400);
    const message = 'nuclei is unavailable: nuclei is not installed';
    expect(json.errors).toEqual([{ field: 'scanners[1].name', message }]);
    expect(done).toEqual([]);
  });

  it.each([
    ['dns', '198.51.100.7'],
    ['vhost', 'http://198.51.100.7:8080/'],
    ['vhost', 'https://[2001:db8::1]/'],
  ])('refuses gobuster in mode %s for %s, under which there are no names', async (mode, target) => {
    const scanners = [{ name: 'gobuster', options: { mode } }];
    const availability = { gobuster: { available: true } } as const;
    const { status, json } = await submit(
      { body: { targets: ['www.example.com', target], scanners } },
      { availability },
    );
    const message = `has ${target}: gobuster finds no names under an address; allowed with options.mode ${mode}: a host name, or a URL with one`;
    expect([status, json.errors]).toEqual([400, [{ field: 'targets', message }]]);
    expect(done).toEqual([]);
  });

  it('refuses a scanner of which the deployment says nothing', async () => {
    const { json } = await submit({ body: REQUEST }, { availability: {} });
    const message = 'nmap is unavailable: the workers of this deployment come without nmap';
    expect(json.errors).toEqual([{ field: 'scanners[0].name', message }]);
  });

  it('takes nessus where one of its instances can be used', async () => {
    const scanners = [{ name: 'nessus', options: { instance: 'one' } }];
    expect((await submit({ body: { ...REQUEST, scanners } })).status).toBe(201);
    expect(stored[0]?.spec.scanners).toEqual([{ name: 'nessus', options: { instance: 'one', template: 'basic' } }]);
  });

  it.each([
    ['two', 'is unavailable: it refuses its credentials'],
    ['three', 'names no instance; there are: one, two'],
  ])('refuses the instance %s, and says why', async (instance, message) => {
    const scanners = [{ name: 'nmap' }, { name: 'nessus', options: { instance } }];
    const { status, json } = await submit({ body: { ...REQUEST, scanners } });
    expect([status, json.errors]).toEqual([400, [{ field: 'scanners[1].options.instance', message }]]);
  });

  it.each([
    ['none can be used', INSTANCES.slice(1), 'two: it refuses its credentials'],
    ['there are none', [], 'config/scanners.yaml names no instance of it'],
  ])('refuses nessus where %s', async (_, instances, why) => {
    const body = { ...REQUEST, scanners: [{ name: 'nessus' }] };
    const { json } = await submit({ body }, { instances: async () => instances });
    const message = `nessus is unavailable: ${why}; results from elsewhere can be imported (POST /uploads)`;
    expect(json.errors).toEqual([{ field: 'scanners[0].name', message }]);
  });

  it('takes a shorter deadline, and none longer than the deployment allows', async () => {
    await submit({ body: { ...REQUEST, deadlineSeconds: 60 } });
    expect(stored[0]?.job.deadlineSeconds).toBe(60);
    const limits = { ...DEFAULT_LIMITS, deadlineSeconds: 3_600 };
    const { status, json } = await submit({ body: { ...REQUEST, deadlineSeconds: 3_601 } }, { limits });
    expect(status).toBe(400);
    expect(json.errors).toEqual([{ field: 'deadlineSeconds', message: 'must be at most 3600' }]);
  });

  it('takes a lower cap on what the job may cost, and none above that of the deployment, which holds where nothing is said', async () => {
    await submit({ body: { ...REQUEST, maxCostUsd: 0.25 } });
    await submit({ body: REQUEST });
    expect(stored.map(({ job }) => job.maxCostNanoUsd)).toEqual([250_000_000, 10_000_000_000]);
    const { status, json } = await submit({ body: { ...REQUEST, maxCostUsd: 10.01 } });
    expect([status, json.errors]).toEqual([400, [{ field: 'maxCostUsd', message: 'must be at most 10' }]]);
  });

  it('passes on that the quota is used up', async () => {
    const full = () => Promise.reject(new LimitError('quota_exceeded', 'the tenant has 100 active jobs', 60));
    const { status, headers } = await submit(
      { body: REQUEST },
      { jobs: { submit: full, readUpload: async () => undefined } },
    );
    expect([status, headers.get('retry-after')]).toEqual([429, '60']);
  });
});

describe('a maintenance window', () => {
  const evening = { notBefore: '2026-01-31T20:00:00.000Z', notAfter: '2026-01-31T23:00:00.000Z' };

  it('of the job holds for all targets but those with one of their own', async () => {
    const own = { target: 'b.example', notAfter: '2026-01-31T13:00:00Z' };
    await submit({ body: { ...REQUEST, targets: ['c.example', own, { target: 'a.example' }], window: evening } });
    expect(stored[0]?.spec.targets).toEqual(['b.example', 'c.example', 'a.example']);
    expect(stored[0]?.tasks).toMatchObject([
      { slice: { from: 0, count: 1 }, window: { notAfter: '2026-01-31T13:00:00.000Z' } },
      { slice: { from: 1, count: 2 }, window: evening },
    ]);
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['that has passed',             { window: { notAfter: '2026-01-31T12:00:00Z' } },                    'window.notAfter', 'has passed: it is 2026-01-31T12:00:00.000Z'],
    ['that opens at the deadline',  { window: { notBefore: '2026-01-31T13:00:00Z' } },                   'window.notBefore', 'must be before the deadline of the job, 2026-01-31T13:00:00.000Z'],
    ['of a target that has passed', { targets: ['a.example', { target: 'b.example', notAfter: '2026-01-31T11:00:00Z' }] }, 'targets[1].notAfter', 'has passed: it is 2026-01-31T12:00:00.000Z'],
    ['of a target, another the second time', { targets: [{ target: 'a.example', ...evening, notBefore: '2026-01-31T12:30:00Z' }, 'a.example'] }, 'targets[1]', 'names a.example again, with another window; allowed: one window a target'],
  ])('%s is refused, and nothing is written', async (_, changes, field, message) => {
    const { status, json } = await submit({ body: { ...REQUEST, deadlineSeconds: 3_600, ...changes } });
    expect([status, json.errors]).toEqual([400, [{ field, message }]]);
    expect([done, results.objects.size]).toEqual([[], 0]);
  });

  it('is asked of the policy when it opens', async () => {
    const nightly = { domain: 'a.example', window: { notBefore: '19:00', notAfter: '05:00' }, reason: 'nights' };
    const policy = async () => readPolicy({ default: 'deny', allow: [nightly] });
    const targets = ['a.example'];
    expect(await submit({ body: { ...REQUEST, targets, window: evening } }, { policy })).toMatchObject({ status: 201 });
    expect(await submit({ body: { ...REQUEST, targets } }, { policy })).toMatchObject({ status: 403 });
  });
});

describe('a denied target', () => {
  it('is 403 with an entry for each, and nothing is written', async () => {
    const targets = ['198.51.100.7', 'a.forbidden.example', '127.0.0.1', '169.254.169.254'];
    const { status, json } = await submit({ body: { ...REQUEST, targets } });
    expect([status, json.code]).toEqual([403, 'target_denied']);
    expect(json.errors).toEqual([
      { field: 'targets[1]', message: expect.stringMatching(/^a\.forbidden\.example is denied: .*not ours/) },
      { field: 'targets[2]', message: expect.stringMatching(/^127\.0\.0\.1 is denied: .*loopback/) },
      { field: 'targets[3]', message: expect.stringMatching(/^169\.254\.169\.254 is denied: .*link-local/) },
    ]);
    expect([done, results.objects.size]).toEqual([[], 0]);
  });

  it('is on record, with who asked: one line, one count and one event for the request', async () => {
    await submit({ body: { ...REQUEST, targets: ['198.51.100.7', 'a.forbidden.example', '127.0.0.1'] } });
    const record = {
      by: 'submit',
      at: '2026-01-31T12:00:00.000Z',
      tenant: '111111111111',
      principal: '111111111111/acme',
      sessionId: 'alice',
      traceId: expect.stringMatching(/^1-/),
      count: 2,
      targets: [
        { target: 'a.forbidden.example', code: 'denied_by_rule', reason: 'not ours' },
        { target: '127.0.0.1', code: 'special_range', reason: expect.stringContaining('loopback') },
      ],
    };
    expect(denied).toEqual([record]);
    expect(log.lines.filter(({ message }) => message === 'targets denied')).toMatchObject([record]);
    expect(log.lines).toContainEqual(expect.objectContaining({ TargetsDenied: 2 }));
  });

  it('is on record and refused also where the bus does not answer', async () => {
    const targetsDenied = () => Promise.reject(new Error('away'));
    const { status } = await submit(
      { body: { ...REQUEST, targets: ['127.0.0.1'] } },
      { events: { ...deps().events, targetsDenied } },
    );
    expect(status).toBe(403);
    expect(log.lines.map(({ message }) => message)).toEqual(
      expect.arrayContaining(['targets denied', 'a denial was not announced']),
    );
  });

  it('65,536 times is one record, and an answer that names the first of them', async () => {
    const targets = Array.from({ length: 65_536 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
    const { status, json } = await submit({ body: { ...REQUEST, targets } });
    expect([status, json.errors.length]).toEqual([403, 101]);
    expect(denied).toMatchObject([{ count: 65_536, targets: { length: 20 } }]);
  });
});

describe('an idempotency key', () => {
  it('is taken from the header or the field, with the hash of the request', async () => {
    await submit({ body: REQUEST, headers: { 'Idempotency-Key': 'k-1' } });
    await submit({ body: { ...REQUEST, idempotencyKey: 'k-1' } });
    await submit({ body: { ...REQUEST, idempotencyKey: 'k-1' }, headers: { 'idempotency-key': 'k-1' } });
    const [first, second, third] = stored.map(({ idempotency }) => idempotency);
    expect(first).toEqual({ key: 'k-1', requestHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect([second, third]).toEqual([first, first]);
  });

  it('that differs between header and field is refused', async () => {
    const { status, json } = await submit({
      body: { ...REQUEST, idempotencyKey: 'k-1' },
      headers: { 'Idempotency-Key': 'k-2' },
    });
    expect(status).toBe(400);
    expect(json.errors[0].field).toBe('Idempotency-Key');
    expect(done).toEqual([]);
  });

  it.each(['with space', 'ü', 'x'.repeat(256), ''])('%j in the header is refused', async (key) => {
    const { status, json } = await submit({ body: REQUEST, headers: { 'Idempotency-Key': key } });
    expect(status).toBe(400);
    expect(json.errors[0]).toEqual({ field: 'Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters' });
  });

  it('goes with one hash for one meaning, and with another for another', async () => {
    const bodies = [
      { ...REQUEST, labels: { a: '1', b: '2' } },
      { labels: { b: '2', a: '1' }, ...REQUEST, profile: 'brief', targets: ['198.51.100.7', '198.51.100.7'] },
      { ...REQUEST, labels: { a: '1', b: '3' } },
      { ...REQUEST, labels: { a: '1', b: '2' }, targets: ['198.51.100.8'] },
      { ...REQUEST, labels: { a: '1', b: '2' }, window: { notAfter: '2026-01-31T13:00:00Z' } },
      {
        ...REQUEST,
        labels: { a: '1', b: '2' },
        targets: [{ target: '198.51.100.7', notAfter: '2026-01-31T13:00:00Z' }],
      },
    ];
    for (const body of bodies) await submit({ body, headers: { 'Idempotency-Key': 'k' } });
    const [first, same, otherLabel, otherTarget, window, sameWindow] = stored.map(
      ({ idempotency }) => idempotency?.requestHash,
    );
    expect(same).toBe(first);
    expect(sameWindow).toBe(window);
    expect(new Set([first, otherLabel, otherTarget, window]).size).toBe(4);
  });

  it('used before is answered 200 with the first answer byte for byte, and wakes nobody', async () => {
    const first = '{"jobId": "019a0000-0000-7000-8000-000000000001",  "as": "stored"}';
    const { status, text, headers } = await submit(
      { body: REQUEST, headers: { 'Idempotency-Key': 'k' } },
      {
        jobs: {
          readUpload: async () => undefined,
          submit: async () => ({ outcome: 'repeated', jobId: '019a0000-0000-7000-8000-000000000001', body: first }),
        },
      },
    );
    expect([status, text]).toEqual([200, first]);
    expect(headers.get('location')).toBe('/jobs/019a0000-0000-7000-8000-000000000001');
    expect(done).toEqual([]);
  });
});

describe('an import', () => {
  const UPLOAD_ID = '019a0000-0000-7000-8000-00000000beef';
  const TARGET = `upload:${UPLOAD_ID}`;
  const BODY = { targets: [TARGET], scanners: [{ name: 'nessus' }] };
  const asked: string[][] = [];
  /** The caller's tenant has one upload. */
  const withUpload = (): Partial<SubmitJobDeps> => ({
    jobs: {
      submit: storing,
      readUpload: async (tenant, uploadId) => {
        asked.push([tenant, uploadId]);
        if (uploadId !== UPLOAD_ID) return undefined;
        return { uploadId, tenant, createdBy: 'a', createdAt: 'b', bytes: 3, sha256: 'c' };
      },
    },
  });
  const KEY = `uploads/111111111111/${UPLOAD_ID}`;
  const importOf = async (changes: object) => {
    await results.write(KEY, Buffer.from('<x/>'), 'text/xml');
    return submit({ body: { ...BODY, ...changes } }, withUpload());
  };

  it('is one task, also where the scanner itself is not available and the policy denies everything', async () => {
    await results.write(KEY, Buffer.from('<x/>'), 'text/xml');
    const policy = async () => readPolicy({ default: 'deny' });
    const { status } = await submit({ body: BODY }, { ...withUpload(), policy, instances: async () => [] });
    expect(status).toBe(201);
    expect(stored[0]).toMatchObject({
      spec: { targets: [TARGET] },
      tasks: [{ scanner: 'nessus', workerSize: 'small', slice: { from: 0, count: 1 } }],
    });
    expect(asked).toContainEqual(['111111111111', UPLOAD_ID]);
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['an upload that is not there',        { targets: ['upload:019a0000-0000-7000-8000-000000000000'] }, 'targets[0]', 'which there is none of'],
    ['another target beside it',           { targets: ['198.51.100.7', TARGET] },                     'targets[1]', 'allowed: one upload, and no other target beside it'],
    ['another scanner beside it',          { scanners: [{ name: 'nessus' }, { name: 'nmap' }] },      'targets',    'nmap does not scan a target of kind upload'],
    ['another spelling',                   { targets: [TARGET.toUpperCase()] },                       'targets[0]', 'is not an IPv6 address'],
  ])('is refused for %s', async (_, changes, field, message) => {
    const { status, json } = await importOf(changes);
    expect(status).toBe(400);
    expect(json.errors).toContainEqual({ field, message: expect.stringContaining(message) });
    expect(stored).toEqual([]);
  });

  it('is refused while its bytes are not there', async () => {
    const { status, json } = await submit({ body: BODY }, withUpload());
    expect(status).toBe(400);
    expect(json.errors).toEqual([{ field: 'targets[0]', message: expect.stringContaining('has no bytes yet') }]);
  });
});
