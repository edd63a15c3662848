import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#containers/scan-worker/clock.ts';
import type { Scanner } from '#containers/scan-worker/scanner.ts';
import { UnavailableError } from '#shared/errors.ts';
import type { Segment, Traces } from '#shared/observability/trace.ts';
import { readPolicy } from '#shared/target/policy.ts';
import type { TaskQueue } from '#shared/task/queue.ts';
import { secondsAfter } from '#shared/time.ts';
import { fakeScanner } from '#test/support/fake-scanner.ts';
import { type Fleet, startFleet, TEST_LIMITS } from '#test/support/fleet.ts';
import { stubScanner } from '#test/support/stub-scanner.ts';

let fleet: Fleet;
beforeEach(async () => {
  fleet = await startFleet();
});
afterEach(() => fleet.close());

const OUTPUT = 'host 127.0.0.1 reached\nport 127.0.0.1 22\nport 127.0.0.1 80\n';
const file = (name: string) => join(fleet.directory, name);
/** Counts its runs in a file, prints, and goes on when another file is there. */
const STEPS = () => ['count', file('scans'), 'print', OUTPUT, 'wait-for', file('go')];
const scanner = (...steps: string[]): Scanner => stubScanner({ command: () => fakeScanner(...steps) });
/** The same, which ends for want of memory as nmap does. */
const outOfMemory = (...steps: string[]): Scanner => ({
  ...scanner(...steps),
  outcome: ({ code }) =>
    code === 137 ? { ok: false, error: { code: 'oom', message: 'killed', retryable: true } } : { ok: true },
});
const scans = () => (existsSync(file('scans')) ? readFileSync(file('scans'), 'utf8').trim().split('\n') : []);
const go = () => writeFileSync(file('go'), '');

function isRunning(pid: string | undefined): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] !== 'Z';
  } catch {
    return false;
  }
}

describe('a worker', () => {
  it('scans a task, stores what it found and ends the job', async () => {
    const { jobId, tenant } = await fleet.submit(['127.0.0.1']);
    fleet.work(scanner('print', OUTPUT));
    const job = await fleet.ended(jobId);
    expect(job).toMatchObject({ status: 'completed', findings: 2, ended: { completed: 1 } });
    expect(job.summary).toMatchObject({ verdict: 'clean', covered: 1, uncovered: 0 });
    const { result } = await fleet.task(jobId, ({ status }) => status === 'completed');
    const prefix = `results/${tenant}/${jobId}/0001/1/`;
    expect(result).toMatchObject({ prefix, findings: 2, bySeverity: { info: 2 }, coverage: [{ reached: 1 }] });
    expect((await fleet.read(`${prefix}findings.ndjson.gz`)).trim().split('\n')).toHaveLength(2);
    expect(await fleet.read(`${prefix}raw/stub.txt.gz`)).toBe(OUTPUT);
    expect(JSON.parse(await fleet.read(`${prefix}coverage.json`))).toEqual([
      { target: '127.0.0.1', host: '127.0.0.1', address: '127.0.0.1', status: 'reached' },
    ]);
    await expect.poll(() => fleet.announced).toEqual([jobId]);
  });

  it('adds what it did to the trace of a submit that is sampled, and ends the task also where that cannot be sent', async () => {
    const sent: Segment[] = [];
    const traces: Traces = {
      async send(segment) {
        sent.push(segment);
        throw new UnavailableError('traces_unavailable', 'no X-Ray here');
      },
    };
    fleet.work(scanner('print', OUTPUT), { traces });
    const unsampled = await fleet.submit(['127.0.0.1']);
    expect(await fleet.ended(unsampled.jobId)).toMatchObject({ status: 'completed' });
    const sampled = await fleet.submit(['127.0.0.1'], { traceParent: '53995c3f42cd8ad8' });
    expect(await fleet.ended(sampled.jobId)).toMatchObject({ status: 'completed' });
    await expect.poll(() => sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      name: 'scan-worker',
      trace_id: '1-67891233-abcdef012345678912345678',
      parent_id: '53995c3f42cd8ad8',
      fault: false,
      annotations: { jobId: sampled.jobId, taskId: '0001', attempt: 1, scanner: 'nmap', endsAs: 'completed' },
    });
    expect(sent[0]?.subsegments.map(({ name }) => name)).toEqual(['prepare', 'scan', 'upload', 'finish']);
  });

  it('says in evidence how the result came about', async () => {
    const { jobId, tenant } = await fleet.submit(['www.example.com']);
    fleet.work(scanner('print', OUTPUT), { worker: 'w1' });
    await fleet.ended(jobId);
    const evidence = JSON.parse(await fleet.read(`results/${tenant}/${jobId}/0001/1/evidence.json`));
    expect(evidence).toMatchObject({
      jobId,
      taskId: '0001',
      attempt: 1,
      worker: 'w1',
      scanner: { name: 'nmap', version: '1.0' },
      targets: [{ target: 'www.example.com', host: 'www.example.com', address: '127.0.0.1' }],
      runs: [{ exit: { code: 0, reason: 'exited' } }],
      policy: { file: 'config/policy.yaml', sha256: null, loopback: 'allow' },
      // printf '[["www.example.com","www.example.com"]]' | sha256sum
      targetsSha256: 'e97966a9c2c7c75e51399c456357076ca9a4ae78e17c0ad20349053414bab38c',
      materials: {},
    });
    expect(Object.keys(evidence.files).sort()).toEqual(['coverage.json', 'findings.ndjson.gz', 'raw/stub.txt.gz']);
    expect(evidence.files['coverage.json'].sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('scans nothing that is denied or has no address, and does not call that covered', async () => {
    const { jobId, tenant, createdBy } = await fleet.submit(['gone.example.com', '10.0.0.1']);
    fleet.work(scanner('count', file('scans')), { resolve: async () => [] });
    const job = await fleet.ended(jobId);
    expect(job).toMatchObject({ status: 'completed', summary: { verdict: 'no_verdict', covered: 0, uncovered: 2 } });
    expect(scans()).toEqual([]);
    const { result } = await fleet.task(jobId, ({ status }) => status === 'completed');
    expect(result?.coverage).toMatchObject([{ unresolved: 1, denied: 1, reached: 0 }]);
    expect(fleet.denied).toEqual([
      {
        ...{ by: 'worker', at: expect.any(String), jobId, taskId: '0001' },
        ...{ tenant, principal: createdBy, traceId: job.traceId, count: 1 },
        targets: [{ target: '10.0.0.1', code: 'special_range', reason: expect.stringContaining('private') }],
      },
    ]);
  });

  it('leaves nothing in its temporary directory', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    const worker = fleet.work(scanner('print', OUTPUT));
    await fleet.ended(jobId);
    await worker.shutDown();
    expect(readdirSync(fleet.directory)).toEqual([]);
  });

  it('shows progress while it scans', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    fleet.work(scanner('print', 'percent 40\n', 'wait-for', file('go')));
    const task = await fleet.task(jobId, ({ progress }) => progress !== undefined);
    expect(task).toMatchObject({ status: 'running', progress: { percent: 40, message: 'scanning' } });
    go();
    await fleet.ended(jobId);
  });
});

describe('a job that is cancelled while it is scanned', () => {
  it('stops the scanner and keeps what was found until then', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    fleet.work(scanner(...STEPS()));
    await expect.poll(scans).toHaveLength(1);
    await fleet.jobs.cancel(jobId, 'tester');
    const job = await fleet.ended(jobId);
    expect(job).toMatchObject({ status: 'cancelled', ended: { cancelled: 1 }, findings: 0, partialFindings: 2 });
    expect(isRunning(scans()[0])).toBe(false);
  });

  it('is not scanned at all when the cancel comes between the claim and the scan', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    const claim: Fleet['jobs']['claim'] = async (...args) => {
      const claimed = await fleet.jobs.claim(...args);
      await fleet.jobs.cancel(jobId, 'tester');
      return claimed;
    };
    let starts = 0;
    const command = () => {
      starts += 1;
      return fakeScanner();
    };
    fleet.work(stubScanner({ command }), { jobs: { ...fleet.jobs, claim } });
    expect(await fleet.ended(jobId)).toMatchObject({ status: 'cancelled', ended: { cancelled: 1 } });
    expect(starts).toBe(0);
  });
});

describe('a deadline', () => {
  it('that passes while scanning ends the job as timed out, with its partial findings', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1', '127.0.0.2'], { deadlineSeconds: 1 });
    fleet.work(scanner(...STEPS()));
    const job = await fleet.ended(jobId);
    const summary = { verdict: 'incomplete', covered: 1, uncovered: 1 };
    expect(job).toMatchObject({ status: 'timed_out', partialFindings: 2, summary });
    expect(isRunning(scans()[0])).toBe(false);
  });
});

describe('a job that may spend no more', () => {
  it('has no task scanned any more, also where a worker has claimed it', async () => {
    const { jobId } = await fleet.submit(['127.1.0.0/25'], { maxCostNanoUsd: 1 });
    fleet.work(scanner('count', file('scans'), 'print', OUTPUT), { limits: { ...TEST_LIMITS, workerSlots: 1 } });
    expect(await fleet.ended(jobId)).toMatchObject({
      status: 'failed',
      ended: { completed: 1, failed: 1 },
      findings: 2,
    });
    expect(scans()).toHaveLength(1);
    const [, second] = await fleet.jobs.readTasks(jobId);
    expect(second).toMatchObject({ error: { code: 'budget_exhausted' }, claims: [{ why: 'budget_exhausted' }] });
  });

  it('counts what each attempt used: its share of the worker, its results, its cost', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    fleet.work(scanner('print', OUTPUT));
    const job = await fleet.ended(jobId);
    const { workerMs = 0, storedBytes = 0, costNanoUsd = 0, startedAt, endedAt } = await fleet.task(jobId, () => true);
    expect(job).toMatchObject({ workerMs, storedBytes, costNanoUsd });
    expect(workerMs).toBeGreaterThan(0);
    expect(workerMs).toBeLessThanOrEqual(Date.parse(endedAt ?? '') - Date.parse(startedAt ?? '') + 1_000);
    const prefix = `results/${job.tenant}/${jobId}/0001/1/`;
    const files = ['findings.ndjson.gz', 'raw/stub.txt.gz', 'coverage.json', 'evidence.json'];
    const stored = await Promise.all(files.map((name) => fleet.results.head(`${prefix}${name}`)));
    expect(storedBytes).toBe(stored.reduce((sum, object) => sum + (object?.bytes ?? 0), 0));
    expect(costNanoUsd).toBeGreaterThan(0);
  });
});

describe('a maintenance window', () => {
  const failed = { status: 'failed', ended: { failed: 1 }, findings: 0, partialFindings: 2 };

  it('that closes while scanning stops the scanner, and keeps the partial findings of a task that can be retried', async () => {
    const window = { notAfter: secondsAfter(new Date(), 2) };
    const { jobId } = await fleet.submit(['127.0.0.1'], { window });
    fleet.work(scanner(...STEPS()));
    expect(await fleet.ended(jobId)).toMatchObject({ ...failed, summary: { verdict: 'no_verdict' } });
    expect(isRunning(scans()[0])).toBe(false);
    const task = await fleet.task(jobId, ({ status }) => status === 'failed');
    expect(task).toMatchObject({
      error: { code: 'window_closed', retryable: true },
      claims: [{ why: 'window_closed' }],
    });
    expect(task.deadLetteredAt).toBeUndefined();
    expect(await fleet.jobs.retry(jobId, 'tester')).toMatchObject({ status: 'queued', round: 2 });
  });

  it('that has closed is not scanned in', async () => {
    const window = { notAfter: secondsAfter(new Date(), -1) };
    const { jobId } = await fleet.submit(['127.0.0.1'], { window });
    fleet.work(scanner('count', file('scans')));
    const job = await fleet.ended(jobId);
    expect(job).toMatchObject({ status: 'failed', summary: { verdict: 'no_verdict', covered: 0, uncovered: 1 } });
    expect(scans()).toEqual([]);
  });

  it('of the target policy stops the scanner when it closes', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    const reason = 'nightly';
    const allow = [{ cidr: '127.0.0.0/8', window: { notBefore: '22:00', notAfter: '05:30' }, reason }];
    // Two seconds before it closes when the task is claimed.
    const clock = { ...systemClock, now: timeFrom('2026-01-31T05:30:58.000Z') };
    fleet.work(scanner(...STEPS()), { policy: async () => readPolicy({ allow }, 'allow'), clock });
    expect(await fleet.ended(jobId)).toMatchObject(failed);
    expect(isRunning(scans()[0])).toBe(false);
    const { error } = await fleet.task(jobId, ({ status }) => status === 'failed');
    expect(error).toMatchObject({ code: 'window_closed' });
  });
});

/** A clock that shows `start` when it is first looked at. */
function timeFrom(start: string): () => Date {
  let firstMs: number | undefined;
  return () => {
    firstMs ??= performance.now();
    return new Date(Date.parse(start) + performance.now() - firstMs);
  };
}

describe('a failure', () => {
  it('that may pass is tried again, and the last one is a dead letter', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    fleet.work(scanner('count', file('scans'), 'print-error', 'no route', 'exit', '75'));
    const job = await fleet.sweepUntilEnded(jobId);
    expect(job.status).toBe('failed');
    const task = await fleet.task(jobId, ({ status }) => status === 'failed');
    expect(scans()).toHaveLength(TEST_LIMITS.maxFailures);
    expect(task).toMatchObject({ error: { code: 'stub_exited', stderrTail: 'no route' }, attempt: 3 });
    expect(task.deadLetteredAt).toBeDefined();
  });

  it('for want of memory is tried once more, on a large worker', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    fleet.work(outOfMemory('count', file('scans'), 'exit', '137'), { size: 'small' });
    await fleet.task(jobId, ({ workerSize }) => workerSize === 'large');
    expect(scans()).toHaveLength(1);
    fleet.work(outOfMemory('count', file('scans'), 'exit', '137'), { size: 'large' });
    const job = await fleet.sweepUntilEnded(jobId);
    expect(job).toMatchObject({ status: 'failed', ended: { failed: 1 } });
    const task = await fleet.task(jobId, ({ status }) => status === 'failed');
    expect(task).toMatchObject({ error: { code: 'oom' }, attempt: 2, failures: 1 });
    expect(task.claims.map(({ why }) => why)).toEqual(['oom', 'oom']);
    expect(task.deadLetteredAt).toBeDefined();
    expect(scans()).toHaveLength(2);
  });

  it('for want of memory completes where there is more of it', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    fleet.work(outOfMemory('exit', '137'), { size: 'small' });
    fleet.work(outOfMemory('print', OUTPUT), { size: 'large' });
    expect(await fleet.sweepUntilEnded(jobId)).toMatchObject({ status: 'completed', findings: 2 });
  });

  it('that stays ends the task at once, keeps what was found and covers nothing', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    fleet.work(scanner('count', file('scans'), 'print', OUTPUT, 'exit', '1'));
    const job = await fleet.ended(jobId);
    expect(job).toMatchObject({ status: 'failed', partialFindings: 2, summary: { verdict: 'no_verdict' } });
    const task = await fleet.task(jobId, ({ status }) => status === 'failed');
    expect(task.error).toMatchObject({ code: 'stub_exited', retryable: false });
    expect(task.deadLetteredAt).toBeUndefined();
    expect(scans()).toHaveLength(1);
  });

  it('of an upload is repeated without a second scan', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    let refusals = 2;
    const write: Fleet['results']['write'] = async (...args) => {
      if (args[0].endsWith('findings.ndjson.gz') && refusals-- > 0) throw new UnavailableError('s3', 'slow down');
      return fleet.results.write(...args);
    };
    fleet.work(scanner('count', file('scans'), 'print', OUTPUT), {
      results: { ...fleet.results, write },
      random: () => 0,
    });
    expect(await fleet.ended(jobId)).toMatchObject({ status: 'completed', findings: 2 });
    expect(refusals).toBe(-1);
    expect(scans()).toHaveLength(1);
  });
});

describe('a worker that is shut down', () => {
  it('gives its task back at once, as neither a failure nor a loss, and another one completes it', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    const first = fleet.work(scanner(...STEPS()));
    await expect.poll(scans).toHaveLength(1);
    await first.shutDown();
    expect(isRunning(scans()[0])).toBe(false);
    const [task] = await fleet.jobs.readTasks(jobId);
    expect(task).toMatchObject({
      status: 'queued',
      attempt: 1,
      failures: 0,
      claims: [{ attempt: 1, why: 'shutdown' }],
    });
    go();
    fleet.work(scanner(...STEPS()));
    expect(await fleet.ended(jobId)).toMatchObject({ status: 'completed', findings: 2, partialFindings: 0 });
    expect(scans()).toHaveLength(2);
  });
});

describe('a worker that cannot store its results', () => {
  const write = () => Promise.reject(new UnavailableError('s3', 'slow down'));

  it('gives the task back when it is shut down meanwhile, as no failure', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    let tries = 0;
    const refused = () => {
      tries += 1;
      return write();
    };
    const worker = fleet.work(scanner('print', OUTPUT), { results: { ...fleet.results, write: refused } });
    await expect.poll(() => tries).toBeGreaterThan(0);
    await worker.shutDown();
    const [task] = await fleet.jobs.readTasks(jobId);
    expect(task).toMatchObject({ status: 'queued', failures: 0, claims: [{ why: 'shutdown' }] });
  });

  it('fails the task in the end, and says why', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    fleet.work(scanner('print', OUTPUT), { results: { ...fleet.results, write }, random: () => 0 });
    expect(await fleet.sweepUntilEnded(jobId)).toMatchObject({ status: 'failed', summary: { verdict: 'no_verdict' } });
    const [task] = await fleet.jobs.readTasks(jobId);
    expect(task?.error).toEqual({ code: 's3', message: 'slow down', retryable: true });
    expect(task?.deadLetteredAt).toBeDefined();
  });

  it('ends a cancelled task without its partial result', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    fleet.work(scanner(...STEPS()), { results: { ...fleet.results, write }, random: () => 0 });
    await expect.poll(scans).toHaveLength(1);
    await fleet.jobs.cancel(jobId, 'tester');
    expect(await fleet.ended(jobId)).toMatchObject({ status: 'cancelled', partialFindings: 0 });
  });
});

describe('a message that is no task', () => {
  it.each([
    ['cannot be read', 'not json'],
    ['names nothing', '{"jobId":1}'],
    ['names no job there is', '{"jobId":"019a0000-0000-7000-8000-0000000000ff","taskId":"0001"}'],
  ])('and %s is left for the dead letters', async (_, body) => {
    const waiting = [{ body, receipt: 'one', receiveCount: 1 }];
    const removed: string[] = [];
    const queue: TaskQueue = {
      ...fleet.queue,
      receive: async (size, options) => (waiting.length ? waiting.splice(0) : fleet.queue.receive(size, options)),
      remove: async (_size, receipt) => void removed.push(receipt),
    };
    const worker = fleet.work(scanner(), { queue });
    await expect.poll(() => waiting).toEqual([]);
    await worker.shutDown();
    expect(removed).toEqual([]);
  });

  it('any more is removed', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    await fleet.queue.send([{ jobId, taskId: '0001', tenant: '111111111111', workerSize: 'small' }]);
    fleet.work(scanner('count', file('scans'), 'print', OUTPUT));
    await fleet.ended(jobId);
    await expect.poll(async () => fleet.queue.depth('small')).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    expect(scans()).toHaveLength(1);
  });
});

describe('a worker that loses its lease', () => {
  it('by heartbeats without an answer stops its scanner and writes nothing; the task runs again, and counts once', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    const heartbeat = () => Promise.reject(new UnavailableError('dynamodb', 'no answer'));
    const cut = fleet.work(scanner(...STEPS()), { jobs: { ...fleet.jobs, heartbeat } });
    await expect.poll(scans).toHaveLength(1);
    await expect.poll(() => isRunning(scans()[0]), { timeout: 10_000 }).toBe(false);
    await cut.shutDown();
    expect((await fleet.jobs.readTasks(jobId))[0]).toMatchObject({ status: 'running', attempt: 1 });
    go();
    fleet.work(scanner(...STEPS()));
    const job = await fleet.sweepUntilEnded(jobId);
    expect(job).toMatchObject({ status: 'completed', findings: 2, partialFindings: 0, ended: { completed: 1 } });
    const [task] = await fleet.jobs.readTasks(jobId);
    expect(task).toMatchObject({ attempt: 2, failures: 1 });
  });

  it('while its process is stopped ends the scanner when it wakes, and cannot end its successor’s task', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    const paused = fleet.spawnWorker(...STEPS());
    await expect.poll(scans, { timeout: 10_000 }).toHaveLength(1);
    paused.kill('SIGSTOP');
    fleet.work(scanner('count', file('scans'), 'print', OUTPUT));
    const job = await fleet.sweepUntilEnded(jobId);
    paused.kill('SIGCONT');
    await expect.poll(() => isRunning(scans()[0]), { timeout: 10_000 }).toBe(false);
    paused.kill('SIGTERM');
    expect(await once(paused, 'exit')).toEqual([0, null]);
    expect(await fleet.jobs.readJob(jobId)).toEqual(job);
    expect(job).toMatchObject({ status: 'completed', findings: 2, ended: { completed: 1 } });
  });

  it('because it was killed leaves no scanner behind, and the job is completed once', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    const killed = fleet.spawnWorker(...STEPS());
    await expect.poll(scans, { timeout: 10_000 }).toHaveLength(1);
    killed.kill('SIGKILL');
    await expect.poll(() => isRunning(scans()[0])).toBe(false);
    go();
    fleet.work(scanner(...STEPS()));
    const job = await fleet.sweepUntilEnded(jobId);
    expect(job).toMatchObject({ status: 'completed', findings: 2, ended: { completed: 1 } });
    expect(scans()).toHaveLength(2);
  });
});

describe('one host', () => {
  it('is scanned by one task at a time', async () => {
    const [one, two] = [await fleet.submit(['127.0.0.1']), await fleet.submit(['127.0.0.1'])];
    fleet.work(scanner(...STEPS()));
    await expect.poll(scans).toHaveLength(1);
    const waiting = await Promise.any(
      [one, two].map(({ jobId }) => fleet.task(jobId, ({ status, attempt }) => status === 'queued' && attempt === 1)),
    );
    expect(waiting).toMatchObject({ failures: 0, claims: [] });
    expect(scans()).toHaveLength(1);
    go();
    for (const { jobId } of [one, two]) expect((await fleet.sweepUntilEnded(jobId)).status).toBe('completed');
    expect(scans()).toHaveLength(2);
  });
});
