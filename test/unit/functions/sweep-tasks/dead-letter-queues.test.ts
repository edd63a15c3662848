import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { type DeadLetterQueuesDeps, emptyDeadLetterQueues } from '#functions/sweep-tasks/dead-letter-queues.ts';
import type { UnreadableMessage } from '#shared/job/dead-letter.ts';
import type { WorkerSize } from '#shared/scanner/definition.ts';
import { aJob, aTask, JOB_ID } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';

const UNKNOWN_ID = '019a0000-0000-7000-8000-0000000000ff';
const AT = '2026-01-31T12:00:00.000Z';

let log: ReturnType<typeof captureLog>;
let waiting: Record<WorkerSize, string[]>;
let done: string[];
let records: UnreadableMessage[];
let tableIsAway: boolean;
beforeEach(() => {
  log = captureLog();
  waiting = { small: [], large: [] };
  done = [];
  records = [];
  tableIsAway = false;
});

const deps: DeadLetterQueuesDeps = {
  now: () => new Date(AT),
  jobs: {
    readJob: async (jobId) => (jobId === JOB_ID ? aJob({ status: 'running' }) : undefined),
    readTask: async (jobId, taskId) =>
      jobId === JOB_ID && taskId === '0001' ? aTask({ status: 'queued' }) : undefined,
    recordUnreadable: async (message) => {
      if (tableIsAway) throw new Error('table away');
      records.push(message);
      done.push(`record ${message.reason}`);
    },
  },
  deadLetters: {
    receive: async (size, { max }) =>
      waiting[size].splice(0, max).map((body) => ({ body, receipt: `receipt of ${body}`, receiveCount: 5 })),
    remove: async (size, receipt) => {
      done.push(`remove ${size} ${receipt}`);
    },
  },
};
const plentyOfTime = () => false;

describe('emptying the dead-letter queues', () => {
  it.each([
    ['not_json', '{"jobId":'],
    ['not_json', ''],
    ['wrong_schema', 'null'],
    ['wrong_schema', '{"jobId":1}'],
    ['wrong_schema', `{"jobId":"${JOB_ID}","taskId":"0001","more":1}`],
    ['unknown_job', `{"jobId":"${UNKNOWN_ID}","taskId":"0001"}`],
    ['unknown_task', `{"jobId":"${JOB_ID}","taskId":"0002"}`],
  ])('records as %s, and then removes, %s', async (reason, body) => {
    waiting.large.push(body);
    expect(await emptyDeadLetterQueues(deps, plentyOfTime)).toEqual({ recorded: 1, dropped: 0 });
    expect(done).toEqual([`record ${reason}`, `remove large receipt of ${body}`]);
    const hash = createHash('sha256').update(body).digest('hex');
    expect(records).toEqual([
      { hash, at: AT, reason, body, bytes: Buffer.byteLength(body), receiveCount: 5, queue: 'large' },
    ]);
  });

  it('drops what names a task: the sweep of its job sends it again', async () => {
    waiting.small.push(`{"jobId":"${JOB_ID}","taskId":"0001"}`);
    expect(await emptyDeadLetterQueues(deps, plentyOfTime)).toEqual({ recorded: 0, dropped: 1 });
    expect(done).toEqual([`remove small receipt of {"jobId":"${JOB_ID}","taskId":"0001"}`]);
  });

  it('keeps the first 4 KB of a long message, cut between two characters, and how long it was', async () => {
    waiting.small.push(`a${'é'.repeat(3_000)}`);
    await emptyDeadLetterQueues(deps, plentyOfTime);
    expect(records[0]).toMatchObject({ body: `a${'é'.repeat(2_047)}`, bytes: 6_001 });
  });

  it('leaves in its queue what cannot be recorded, and goes on with the other queue', async () => {
    waiting.small.push('broken');
    waiting.large.push(`{"jobId":"${JOB_ID}","taskId":"0001"}`);
    tableIsAway = true;
    expect(await emptyDeadLetterQueues(deps, plentyOfTime)).toEqual({ recorded: 0, dropped: 1 });
    expect(done.filter((what) => what.startsWith('remove small'))).toEqual([]);
    expect(log.lines).toContainEqual(expect.objectContaining({ level: 'ERROR', size: 'small' }));
  });

  it('takes at most a hundred messages of a queue in one run', async () => {
    waiting.small = Array.from({ length: 101 }, (_, n) => `message ${n}`);
    expect(await emptyDeadLetterQueues(deps, plentyOfTime)).toEqual({ recorded: 100, dropped: 0 });
    expect(await emptyDeadLetterQueues(deps, plentyOfTime)).toEqual({ recorded: 1, dropped: 0 });
  });

  it('begins nothing when the time is up', async () => {
    waiting.small.push('broken');
    expect(await emptyDeadLetterQueues(deps, () => true)).toEqual({ recorded: 0, dropped: 0 });
    expect(waiting.small).toEqual(['broken']);
  });
});
