/** Whatever is sent, the API answers it: never a 5xx, and always something that names what was wrong. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { getJob } from '#functions/get-job/get-job.ts';
import { listJobs } from '#functions/list-jobs/list-jobs.ts';
import { type HttpAnswer, type HttpRequest, httpHandler } from '#functions/middleware/http.ts';
import { submitJob } from '#functions/submit-job/submit-job.ts';
import { Problem } from '#shared/contracts/problem.ts';
import type { Route } from '#shared/contracts/route.ts';
import { routes } from '#shared/contracts/routes.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';
import { readPolicy } from '#shared/target/policy.ts';
import { aJob, aSpec, aTask, JOB_ID, NO_TREES } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { memoryResults } from '#test/support/memory-results.ts';
import { CALLERS, call, type TestRequest } from '#test/support/proxy-event.ts';

const handle = <R extends Route>(route: R, decide: (request: HttpRequest<R>) => Promise<HttpAnswer>) =>
  httpHandler(route, { jobs: { takeToken: async () => ({ ok: true }) }, callers: CALLERS }, decide);

const handlers = {
  submit: handle(routes.submitJob, (request) =>
    submitJob(
      {
        jobs: {
          readUpload: async () => undefined,
          submit: async (newJob, answer) => {
            const job = aJob({ ...newJob.job, taskCount: newJob.tasks.length });
            return { outcome: 'created', job, body: answer(job, 0), released: [] };
          },
        },
        queue: { send: async () => {} },
        results: memoryResults(),
        events: { jobSubmitted: async () => {}, targetsDenied: async () => {} },
        policy: async () => readPolicy({}),
        instances: async () => [],
        availability: { nmap: { available: true }, nuclei: { available: true } },
        limits: DEFAULT_LIMITS,
        now: () => new Date('2026-01-31T12:00:00.000Z'),
        newId: () => JOB_ID,
      },
      request,
    ),
  ),
  list: handle(routes.listJobs, (request) =>
    listJobs({ jobs: { listJobs: async () => ({ items: [aJob()] }) } }, request),
  ),
  get: handle(routes.getJob, (request) =>
    getJob(
      {
        jobs: {
          readJob: async () => aJob(),
          readSpec: async () => aSpec(),
          readTasks: async () => [aTask()],
          ...NO_TREES,
        },
        results: memoryResults(),
      },
      request,
    ),
  ),
};

async function isAnswered(handler: keyof typeof handlers, request: TestRequest): Promise<void> {
  const { status, json } = await call(handlers[handler], request);
  expect(status).toBeLessThan(500);
  if (status < 300) return;
  const problem = Problem.parse(json);
  expect(problem.status).toBe(status);
  if (status === 400) expect(problem.errors?.length).toBeGreaterThan(0);
}

/** Text as attackers write it: every code unit, lone surrogates and control characters included. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('__proto__', 'constructor', 'toString', '', '\0', '-oX', '\n', '127.0.0.1', '::1', '%00'),
);
const anyValue = fc.anything({
  key: anyText,
  values: [anyText, fc.double(), fc.maxSafeInteger(), fc.boolean(), fc.constant(null)],
});
const headers = fc.dictionary(
  fc.oneof(anyText, fc.constantFrom('Content-Type', 'Idempotency-Key', 'X-Amzn-Trace-Id')),
  fc.oneof(anyText, fc.array(anyText, { minLength: 1 }), fc.constant('application/json')),
);
const query = fc.dictionary(
  fc.oneof(anyText, fc.constantFrom('status', 'scanner', 'target', 'from', 'to', 'limit', 'cursor')),
  fc.oneof(anyText, fc.array(anyText, { minLength: 1, maxLength: 3 })),
);
const JSON_TYPE = { 'Content-Type': 'application/json' };

/** A submit in which some fields are right and others are anything. */
const nearlySubmit = fc.record(
  {
    targets: fc.oneof(anyValue, fc.array(fc.oneof(anyText, fc.domain(), fc.ipV4(), fc.ipV6(), fc.webUrl()))),
    scanners: fc.oneof(
      anyValue,
      fc.array(
        fc.record(
          {
            name: fc.oneof(fc.constant('nmap'), anyText),
            options: fc.oneof(
              fc.dictionary(anyText, anyValue),
              fc.record({ ports: anyText, timing: fc.integer() }, { requiredKeys: [] }),
            ),
          },
          { requiredKeys: ['name'] },
        ),
      ),
    ),
    name: fc.oneof(anyText, anyValue),
    project: anyText,
    labels: fc.oneof(anyValue, fc.dictionary(anyText, anyText)),
    profile: anyText,
    deadlineSeconds: fc.oneof(fc.double(), fc.integer()),
    idempotencyKey: anyText,
  },
  { requiredKeys: ['targets', 'scanners'] },
);

beforeAll(() => {
  captureLog();
});

describe('bad input', () => {
  it('in any body of a submit is answered', () =>
    fc.assert(fc.asyncProperty(anyText, headers, (body, given) => isAnswered('submit', { body, headers: given }))));

  it('in bytes that are not text is answered', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array(), (bytes) =>
        isAnswered('submit', {
          body: Buffer.from(bytes).toString('base64'),
          isBase64Encoded: true,
          headers: JSON_TYPE,
        }),
      ),
    ));

  it('in any JSON of a submit is answered', () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(anyValue, nearlySubmit), (value) =>
        isAnswered('submit', { body: JSON.stringify(value) ?? '', headers: JSON_TYPE }),
      ),
      { numRuns: 1_000 },
    ));

  it('in any headers and principal is answered', () =>
    fc.assert(
      fc.asyncProperty(headers, fc.option(anyText), (given, userArn) => isAnswered('get', { headers: given, userArn })),
    ));

  it('in any query of a list is answered', () =>
    fc.assert(
      fc.asyncProperty(query, (given) => isAnswered('list', { query: given })),
      { numRuns: 500 },
    ));

  it('in any job id is answered', () =>
    fc.assert(fc.asyncProperty(anyText, (jobId) => isAnswered('get', { pathParameters: { jobId } }))));

  it.each([
    ['100,000 targets', { targets: Array.from({ length: 100_000 }, (_, n) => `h${n}`), scanners: [{ name: 'nmap' }] }],
    ['100,000 bad targets', { targets: Array.from({ length: 100_000 }, () => '-'), scanners: [{ name: 'nmap' }] }],
    ['50,000 unknown fields', Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`f${n}`, 0]))],
    ['a target of 100,000 characters', { targets: ['a'.repeat(100_000)], scanners: [{ name: 'nmap' }] }],
  ])('of %s is 400 with at most 101 errors', async (_what, body) => {
    const { status, json } = await call(handlers.submit, { body });
    expect(status).toBe(400);
    expect(json.errors.length).toBeLessThanOrEqual(101);
  });

  it.each(['[', '{"targets":'])('nested 300,000 deep (%s) is 400', async (part) => {
    const { status } = await call(handlers.submit, {
      body: part.repeat(Math.floor(900_000 / part.length)),
      headers: JSON_TYPE,
    });
    expect(status).toBe(400);
  });

  it('nested deep and closed again is 400', async () => {
    const deep = `{"targets":["a.example"],"scanners":[{"name":"nmap","options":${'['.repeat(200_000)}${']'.repeat(200_000)}}]}`;
    const { status, json } = await call(handlers.submit, { body: deep, headers: JSON_TYPE });
    expect([status, json.errors[0].field]).toEqual([400, 'scanners[0].options']);
  });
});
