import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { signEvidence } from '#functions/sign-evidence/sign-evidence.ts';
import { isSigned, type ManifestSigner, SignedManifest } from '#shared/evidence/signature.ts';
import type { Job } from '#shared/job/job.ts';
import type { Task } from '#shared/task/task.ts';
import { aJob, aTask, JOB_ID, leaveResult, TENANT } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { type MemoryResults, memoryResults } from '#test/support/memory-results.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PEM = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const KEY = `evidence/${TENANT}/${JOB_ID}/1.json`;
const EVENT = { jobId: JOB_ID, tenant: TENANT, round: 1 };

let results: MemoryResults;
let job: Job;
let tasks: Task[];
let marked: object[];
let signer: ManifestSigner;

beforeEach(async () => {
  captureLog();
  results = memoryResults();
  job = aJob({
    signatureDue: true,
    finishedAt: '2026-01-31T12:05:00.000Z',
    summary: { verdict: 'incomplete', covered: 1, uncovered: 1, bySeverity: {} } as never,
  });
  tasks = [];
  marked = [];
  signer = {
    sign: async (text) => ({
      algorithm: 'ECDSA_SHA_256',
      keyId: 'key-1',
      value: sign('sha256', Buffer.from(text), privateKey).toString('base64'),
    }),
  };
});

const jobs = {
  readJob: async (jobId: string) => (jobId === job.jobId ? job : undefined),
  readTasks: async () => tasks,
  markSigned: async ({ jobId, round }: Pick<Job, 'jobId' | 'round'>) => void marked.push({ jobId, round }),
};
const run = (event = EVENT) => signEvidence({ jobs, results, signer }, event);

/** A task that left a result, with the evidence that `says` of it. */
async function leave(taskId: string, attempt: number, says: object = {}): Promise<Task> {
  const result = await leaveResult(results, { taskId, attempt }, []);
  const files = {
    'raw/nmap.xml.gz': { bytes: 3, sha256: 'b'.repeat(64) },
    'coverage.json': { bytes: 2, sha256: 'a'.repeat(64) },
  };
  const evidence = { schemaVersion: 1, jobId: JOB_ID, taskId, attempt, argv: ['nmap'], files, ...says };
  results.objects.set(`${result.prefix}evidence.json`, Buffer.from(JSON.stringify(evidence)));
  return aTask({ taskId, attempt, result });
}

describe('a signed manifest', () => {
  it('names the job’s end and every file of the attempts that count, in one spelling', async () => {
    tasks = [await leave('0001', 2), aTask({ taskId: '0002', status: 'failed', attempt: 0 })];
    expect(await run()).toEqual({ jobId: JOB_ID, outcome: 'signed' });
    const { manifest, signature } = SignedManifest.parse(JSON.parse(String(results.objects.get(KEY))));
    const evidence = results.objects.get(`results/${TENANT}/${JOB_ID}/0001/2/evidence.json`) as Buffer;
    const sha256 = createHash('sha256').update(evidence).digest('hex');
    expect(manifest).toBe(
      '{"createdAt":"2026-01-31T12:00:00.000Z","finishedAt":"2026-01-31T12:05:00.000Z",' +
        `"jobId":"${JOB_ID}","round":1,"status":"completed","tasks":[` +
        '{"attempt":2,"files":[' +
        `{"bytes":2,"name":"coverage.json","sha256":"${'a'.repeat(64)}"},` +
        `{"bytes":${evidence.length},"name":"evidence.json","sha256":"${sha256}"},` +
        `{"bytes":3,"name":"raw/nmap.xml.gz","sha256":"${'b'.repeat(64)}"}],` +
        '"scanner":"nmap","status":"completed","taskId":"0001"},' +
        '{"attempt":0,"files":[],"scanner":"nmap","status":"failed","taskId":"0002"}],' +
        `"tenant":"${TENANT}","type":"scanfleet-evidence-manifest","verdict":"incomplete","version":1}`,
    );
    expect(signature).toMatchObject({ algorithm: 'ECDSA_SHA_256', keyId: 'key-1' });
    expect(isSigned(manifest, Buffer.from(signature.value, 'base64'), PEM)).toBe(true);
    expect(isSigned(`${manifest} `, Buffer.from(signature.value, 'base64'), PEM)).toBe(false);
    expect(isSigned(manifest, Buffer.from('nonsense'), PEM)).toBe(false);
    expect(marked).toEqual([{ jobId: JOB_ID, round: 1 }]);
  });

  it('stays the first one, whatever completes late', async () => {
    tasks = [await leave('0001', 1)];
    await run();
    const first = results.objects.get(KEY);
    tasks = [await leave('0001', 1, { argv: ['changed'] })];
    expect(await run()).toEqual({ jobId: JOB_ID, outcome: 'signed_before' });
    expect(results.objects.get(KEY)).toBe(first);
    expect(marked).toHaveLength(2);
  });

  it('is of each round its own', async () => {
    tasks = [await leave('0001', 1)];
    await run();
    job = { ...job, round: 2 };
    tasks = [await leave('0001', 2)];
    expect(await run({ ...EVENT, round: 2 })).toMatchObject({ outcome: 'signed' });
    expect([...results.objects.keys()].filter((key) => key.startsWith('evidence/'))).toEqual([
      KEY,
      KEY.replace('1.json', '2.json'),
    ]);
  });
});

describe('nothing is signed', () => {
  it.each([
    ['that is gone', () => aJob({ jobId: '019a0000-0000-7000-8000-00000000dead' }), 'job_moved_on'],
    ['of another tenant', () => aJob({ tenant: 'other', signatureDue: true }), 'job_moved_on'],
    ['that runs', () => aJob({ status: 'running' }), 'job_moved_on'],
    ['in another round', () => aJob({ round: 2, signatureDue: true }), 'job_moved_on'],
    ['whose evidence is signed', () => aJob(), 'signed_before'],
  ])('of a job %s', async (_, which, outcome) => {
    tasks = [await leave('0001', 1)];
    job = which();
    expect(await run()).toEqual({ jobId: JOB_ID, outcome });
    expect(results.objects.has(KEY)).toBe(false);
    expect(marked).toEqual([]);
  });

  it('of a job that is retried while its tasks are read', async () => {
    const readTasks = async () => {
      job = { ...job, status: 'queued', round: 2 };
      return tasks;
    };
    expect(await signEvidence({ jobs: { ...jobs, readTasks }, results, signer }, EVENT)).toMatchObject({
      outcome: 'job_moved_on',
    });
    expect(results.objects.has(KEY)).toBe(false);
  });

  it.each([
    ['of another attempt', { attempt: 1 }],
    ['of another task', { taskId: '0002' }],
    ['of another job', { jobId: '019a0000-0000-7000-8000-00000000dead' }],
    ['that names a file elsewhere', { files: { '../../other/coverage.json': { bytes: 1, sha256: 'a'.repeat(64) } } }],
    ['that names no files', { files: undefined }],
  ])('over evidence %s', async (_, says) => {
    tasks = [await leave('0001', 2, says)];
    await expect(run()).rejects.toMatchObject({ code: 'evidence_mismatch' });
    expect(results.objects.has(KEY)).toBe(false);
    expect(marked).toEqual([]);
  });

  it('over evidence that is missing, or not JSON', async () => {
    const task = await leave('0001', 1);
    tasks = [task];
    results.objects.set(`${task.result?.prefix}evidence.json`, Buffer.from('{'));
    await expect(run()).rejects.toMatchObject({ code: 'evidence_mismatch' });
    results.objects.delete(`${task.result?.prefix}evidence.json`);
    await expect(run()).rejects.toMatchObject({ code: 'object_missing' });
  });

  it('over evidence without end', async () => {
    tasks = [await leave('0001', 1)];
    const endless = {
      ...results,
      read: async function* () {
        for (;;) yield Buffer.alloc(1024 * 1024);
      },
    };
    await expect(signEvidence({ jobs, results: endless, signer }, EVENT)).rejects.toMatchObject({
      code: 'evidence_size',
    });
  });

  it('where a record names the results of another attempt', async () => {
    tasks = [{ ...(await leave('0001', 1)), attempt: 2 }, await leave('0001', 2)].slice(0, 1);
    await expect(run()).rejects.toMatchObject({ code: 'evidence_mismatch' });
  });

  it('while the key cannot be used, and the job waits for it', async () => {
    signer = { sign: () => Promise.reject(new Error('KMSInvalidStateException')) };
    await expect(run()).rejects.toThrow('KMSInvalidStateException');
    expect(results.objects.has(KEY)).toBe(false);
    expect(marked).toEqual([]);
  });
});
