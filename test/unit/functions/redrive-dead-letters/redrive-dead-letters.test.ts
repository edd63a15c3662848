import { beforeEach, describe, expect, it } from 'vitest';
import { httpHandler } from '#functions/middleware/http.ts';
import { redriveDeadLetters } from '#functions/redrive-dead-letters/redrive-dead-letters.ts';
import { RedriveResponse } from '#shared/contracts/dead-letters.ts';
import { routes } from '#shared/contracts/routes.ts';
import { ConflictError, LimitError } from '#shared/errors.ts';
import type { DeadTask } from '#shared/job/dead-letter.ts';
import type { Job } from '#shared/job/job.ts';
import type { Task } from '#shared/task/task.ts';
import { aJob, aTask } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { ADMIN_ARN, CALLERS, call, OTHER_ARN } from '#test/support/proxy-event.ts';

const AT = '2026-01-31T12:00:00.000Z';
const ID = (n: number) => `019a0000-0000-7000-8000-00000000000${n}`;

let log: ReturnType<typeof captureLog>;
let stored: Map<string, Job>;
let tasks: Map<string, Task>;
let done: string[];
let faults: Map<string, Error>;
let pages: { items: DeadTask[]; after?: string }[];

const failed = (n: number, fields: Partial<Job> = {}) =>
  stored.set(ID(n), aJob({ jobId: ID(n), status: 'failed', ...fields }));
const dead = (n: number, taskId: string) =>
  tasks.set(`${ID(n)}/${taskId}`, aTask({ jobId: ID(n), taskId, status: 'failed', deadLetteredAt: AT }));

beforeEach(() => {
  log = captureLog();
  stored = new Map();
  tasks = new Map();
  done = [];
  faults = new Map();
  pages = [];
});

function act(what: string) {
  const fault = faults.get(what);
  if (fault !== undefined) throw fault;
  done.push(what);
}
const last = (jobId: string) => jobId.at(-1);

const deps = {
  jobs: {
    takeToken: async () => ({ ok: true }) as const,
    readJob: async (jobId: string) => stored.get(jobId),
    readTask: async (jobId: string, taskId: string) => tasks.get(`${jobId}/${taskId}`),
    listDeadLetters: async (tenant: string, _limit: number, after?: string) => {
      done.push(`list ${tenant} ${after}`);
      return pages.shift() ?? { items: [] };
    },
    retry: async (jobId: string, by: string) => {
      act(`retry ${last(jobId)} by ${by}`);
      const again = aJob({ jobId, status: 'queued', round: 2 });
      stored.set(jobId, again);
      return again;
    },
    release: async ({ jobId, tenant }: Job) => {
      act(`release ${last(jobId)}`);
      return [{ jobId, taskId: '0001', tenant, workerSize: 'small' as const }];
    },
    removeDeadLetter: async ({ jobId, taskId, at }: { jobId: string; taskId: string; at: string }) =>
      act(`remove ${last(jobId)}/${taskId} of ${at}`),
  },
  queue: { send: async (refs: readonly { jobId: string }[]) => act(`send ${refs.map(({ jobId }) => last(jobId))}`) },
  events: { jobSubmitted: async ({ jobId }: { jobId: string }) => act(`hint ${last(jobId)}`) },
};
const handler = httpHandler(routes.redriveDeadLetters, { jobs: deps.jobs, callers: CALLERS }, (request) =>
  redriveDeadLetters(deps, request),
);
const redrive = async (body: unknown, userArn?: string) => {
  const { status, json } = await call(handler, { body, ...(userArn ? { userArn } : {}) });
  expect(status).toBe(200);
  return RedriveResponse.parse(json);
};
const ALL_OF_ONE = ['retry 1 by 111111111111/acme', 'release 1', 'send 1', 'hint 1'];

describe('POST /dead-letters/redrive', () => {
  it('retries the job once for all its letters that are named, and then removes them', async () => {
    failed(1);
    dead(1, '0001');
    dead(1, '0002');
    const deadLetters = [`${ID(1)}/0001`, `${ID(1)}/0002`, `${ID(1)}/0001`];
    expect((await redrive({ deadLetters })).deadLetters).toEqual(
      deadLetters.map((deadLetterId) => ({ deadLetterId, outcome: 'redriven' })),
    );
    expect(done).toEqual([...ALL_OF_ONE, `remove 1/0001 of ${AT}`, `remove 1/0002 of ${AT}`]);
  });

  it('says of each why it does not run again, and goes on with the others', async () => {
    failed(1);
    dead(1, '0001');
    failed(2, { status: 'running' });
    dead(2, '0001');
    failed(3, { status: 'cancelled' });
    dead(3, '0001');
    const ids = [`${ID(4)}/0001`, `${ID(2)}/0001`, `${ID(3)}/0001`, `${ID(1)}/0002`, `${ID(1)}/0001`];
    const { deadLetters } = await redrive({ deadLetters: ids });
    expect(deadLetters.map(({ deadLetterId, outcome }) => [deadLetterId, outcome])).toEqual([
      [ids[0], 'gone'],
      [ids[1], 'job_open'],
      [ids[2], 'job_cancelled'],
      [ids[3], 'gone'],
      [ids[4], 'redriven'],
    ]);
    expect(done.filter((what) => what.startsWith('retry'))).toEqual(['retry 1 by 111111111111/acme']);
  });

  it('finds gone what was redriven before', async () => {
    failed(1);
    dead(1, '0001');
    const deadLetters = [`${ID(1)}/0001`];
    await redrive({ deadLetters });
    expect((await redrive({ deadLetters })).deadLetters).toEqual([{ deadLetterId: `${ID(1)}/0001`, outcome: 'gone' }]);
  });

  it.each([
    ['quota_exceeded', new LimitError('quota_exceeded', 'as many as it may have', 60)],
    ['refused', new ConflictError('job_state', 'the job is too old to be retried')],
  ])('answers %s with the reason, and removes nothing', async (outcome, fault) => {
    failed(1);
    dead(1, '0001');
    faults.set('retry 1 by 111111111111/acme', fault);
    const deadLetterId = `${ID(1)}/0001`;
    expect((await redrive({ deadLetters: [deadLetterId] })).deadLetters).toEqual([
      { deadLetterId, outcome, why: fault.message },
    ]);
    expect(done).toEqual([]);
  });

  it.each(['release 1', 'send 1', 'hint 1', `remove 1/0001 of ${AT}`])(
    'stands although this fails: %s',
    async (what) => {
      failed(1);
      dead(1, '0001');
      faults.set(what, new Error('away'));
      expect((await redrive({ deadLetters: [`${ID(1)}/0001`] })).deadLetters).toMatchObject([{ outcome: 'redriven' }]);
      expect(log.lines).toContainEqual(expect.objectContaining({ level: 'WARN', jobId: ID(1) }));
    },
  );

  it('takes all: a page at a time', async () => {
    failed(1);
    dead(1, '0001');
    const letter = {
      tenant: '111111111111',
      jobId: ID(1),
      taskId: '0001',
      scanner: 'nmap',
      code: 'c',
      message: 'm',
      attempt: 3,
      at: AT,
    } as const;
    const task = tasks.get(`${ID(1)}/0001`) as Task;
    pages = [{ items: [{ letter, task, standing: 'redrivable' }], after: 'there' }, { items: [] }];
    const first = await redrive({ all: true });
    expect(first.deadLetters).toEqual([{ deadLetterId: `${ID(1)}/0001`, outcome: 'redriven' }]);
    const second = await redrive({ all: true, cursor: first.nextCursor });
    expect(second).toEqual({ deadLetters: [] });
    expect(done.filter((what) => what.startsWith('list'))).toEqual([
      'list 111111111111 undefined',
      'list 111111111111 there',
    ]);
  });

  it("touches another tenant's for admins only", async () => {
    failed(1);
    dead(1, '0001');
    const deadLetters = [`${ID(1)}/0001`];
    expect((await redrive({ deadLetters }, OTHER_ARN)).deadLetters).toMatchObject([{ outcome: 'gone' }]);
    expect(done).toEqual([]);
    expect((await redrive({ deadLetters }, ADMIN_ARN)).deadLetters).toMatchObject([{ outcome: 'redriven' }]);
  });

  it.each([
    ['deadLetters', {}],
    ['deadLetters', { deadLetters: [] }],
    ['deadLetters', { deadLetters: [`${ID(1)}/0001`], all: true }],
    ['deadLetters[0]', { deadLetters: ['0001'] }],
    ['all', { all: false }],
    ['cursor', { deadLetters: [`${ID(1)}/0001`], cursor: 'x' }],
    ['cursor', { all: true, cursor: 'x' }],
  ])('refuses, naming %s, %j', async (field, body) => {
    const { status, json } = await call(handler, { body });
    expect(status).toBe(400);
    expect(json.errors.map((error: { field: string }) => error.field)).toContain(field);
    expect(done).toEqual([]);
  });
});
