import { beforeEach, expect, it } from 'vitest';
import { getEvidence } from '#functions/get-evidence/get-evidence.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { EvidenceResponse, getEvidenceRoute } from '#shared/contracts/evidence.ts';
import type { Job } from '#shared/job/job.ts';
import type { Task } from '#shared/task/task.ts';
import { aJob, aTask, JOB_ID, TENANT } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { type MemoryResults, memoryResults } from '#test/support/memory-results.ts';
import { CALLERS, call, OTHER_ARN, type TestRequest } from '#test/support/proxy-event.ts';

const PREFIX = `results/${TENANT}/${JOB_ID}/`;
const MANIFEST = `evidence/${TENANT}/${JOB_ID}/1.json`;
let results: MemoryResults;
let job: Job;
let tasks: Task[];

beforeEach(() => {
  captureLog();
  results = memoryResults();
  job = aJob({ signatureDue: true });
  const result = { prefix: `${PREFIX}0001/2/` } as Task['result'];
  tasks = [aTask({ taskId: '0001', attempt: 2, ...(result && { result }) }), aTask({ taskId: '0002', attempt: 1 })];
});

const signer = {
  presignDownload: async (key: string) => ({
    url: `https://bucket.example/${encodeURI(key)}`,
    expiresAt: '2026-01-31T12:15:00.000Z',
  }),
};
const handler = httpHandler(
  getEvidenceRoute,
  { jobs: { takeToken: async () => ({ ok: true }) }, callers: CALLERS },
  (request) => {
    const jobs = { readJob: async (id: string) => (id === job.jobId ? job : undefined), readTasks: async () => tasks };
    return getEvidence({ jobs, results, signer, presignedSeconds: 900 }, request);
  },
);
const ask = (query: Record<string, string> = {}, request: TestRequest = {}) =>
  call(handler, { pathParameters: { jobId: JOB_ID }, query, ...request });
const put = (...keys: string[]) => {
  for (const key of keys) results.objects.set(key, Buffer.from('x'.repeat(key.length)));
};

it('links to the manifest, and to whatever lies under the attempts that count', async () => {
  put(MANIFEST, `${PREFIX}0001/1/evidence.json`, `${PREFIX}0001/2/evidence.json`, `${PREFIX}0001/2/../evil name`);
  put(`${PREFIX}0002/1/of no result`, `results/${TENANT}/${JOB_ID}2/0001/2/evidence.json`);
  const { status, json } = await ask();
  expect(status).toBe(200);
  expect(EvidenceResponse.parse(json)).toEqual({
    status: 'signed',
    round: 1,
    manifest: { url: `https://bucket.example/${MANIFEST}`, bytes: MANIFEST.length },
    files: ['../evil name', 'evidence.json'].map((name) => ({
      path: `0001/2/${name}`,
      bytes: `${PREFIX}0001/2/${name}`.length,
      url: `https://bucket.example/${encodeURI(`${PREFIX}0001/2/${name}`)}`,
    })),
    expiresAt: '2026-01-31T12:15:00.000Z',
  });
});

it('comes in pages, which may be short', async () => {
  const names = ['0001/1/a', '0001/1/b', '0001/2/a', '0001/2/b', '0001/2/c'];
  put(MANIFEST, ...names.map((name) => `${PREFIX}${name}`));
  const seen: string[][] = [];
  for (let cursor: string | undefined; seen.length < 9; ) {
    const { json } = await ask({ limit: '2', ...(cursor ? { cursor } : {}) });
    seen.push(json.files.map(({ path }: { path: string }) => path));
    cursor = json.nextCursor;
    if (cursor === undefined) break;
  }
  expect(seen).toEqual([[], ['0001/2/a', '0001/2/b'], ['0001/2/c']]);
});

it('has cursors that are good for one round', async () => {
  put(MANIFEST, MANIFEST.replace('1.json', '2.json'), `${PREFIX}0001/2/a`, `${PREFIX}0001/2/b`);
  const { json } = await ask({ limit: '1' });
  job = { ...job, round: 2 };
  expect((await ask({ cursor: json.nextCursor })).status).toBe(400);
});

it('is promised while the signature is due', async () => {
  const { status, json, headers } = await ask();
  expect([status, json, headers.get('retry-after')]).toEqual([202, { status: 'unsigned', retryAfterSeconds: 2 }, '2']);
});

it.each([
  ['of a job that runs', () => aJob({ status: 'running' }), {}, 409, 'job_not_finished'],
  ['of a job that ended before anything was signed', () => aJob(), {}, 404, 'no_evidence'],
  ['of another tenant', () => aJob(), { userArn: OTHER_ARN }, 404, 'job_not_found'],
])('is not there %s', async (_, which, request, status, code) => {
  job = which();
  const answer = await ask({}, request);
  expect([answer.status, answer.json.code]).toEqual([status, code]);
});
