/** What is given up, from the worker that gives it up to the redrive that completes it, on real queues and a real table. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetQueueUrlCommand, SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listDeadLetters } from '#functions/list-dead-letters/list-dead-letters.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { redriveDeadLetters } from '#functions/redrive-dead-letters/redrive-dead-letters.ts';
import { emptyDeadLetterQueues } from '#functions/sweep-tasks/dead-letter-queues.ts';
import { sqsClient } from '#shared/aws/clients.ts';
import { TASK_QUEUES } from '#shared/aws/queues.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { routes } from '#shared/contracts/routes.ts';
import { fakeScanner } from '#test/support/fake-scanner.ts';
import { type Fleet, startFleet } from '#test/support/fleet.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { ADMIN_ARN, CALLERS, call } from '#test/support/proxy-event.ts';
import { stubScanner } from '#test/support/stub-scanner.ts';

let fleet: Fleet;
beforeEach(async () => {
  captureLog();
  fleet = await startFleet();
});
afterEach(() => fleet.close());

const OUTPUT = 'host 127.0.0.1 reached\nport 127.0.0.1 22\n';
const file = (name: string) => join(fleet.directory, name);
const scans = () => readFileSync(file('scans'), 'utf8').trim().split('\n').length;

const list = async (scope: 'own' | 'fleet') => {
  const { jobs } = fleet;
  const handler = httpHandler(routes.listDeadLetters, { jobs, callers: CALLERS }, (request) =>
    listDeadLetters({ jobs }, request),
  );
  const userArn = scope === 'fleet' ? { userArn: ADMIN_ARN } : {};
  return (await call(handler, { query: { scope }, ...userArn })).json.deadLetters;
};

const redriveAll = async () => {
  const { jobs, queue } = fleet;
  const events = { jobSubmitted: async () => undefined };
  const handler = httpHandler(routes.redriveDeadLetters, { jobs, callers: CALLERS }, (request) =>
    redriveDeadLetters({ jobs, queue, events }, request),
  );
  return (await call(handler, { body: { all: true } })).json;
};

describe('a scanner that keeps failing', () => {
  it('leaves a dead letter with cause, claims and stderr, which a redrive completes once', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    const command = () =>
      existsSync(file('mended'))
        ? fakeScanner('count', file('scans'), 'print', OUTPUT)
        : fakeScanner('count', file('scans'), 'print-error', 'no route', 'exit', '75');
    fleet.work(stubScanner({ command }));
    expect(await fleet.sweepUntilEnded(jobId)).toMatchObject({ status: 'failed' });
    expect(scans()).toBe(3);
    const deadLetterId = `${jobId}/0001`;
    const [letter, ...others] = await list('own');
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      deadLetterId,
      code: 'stub_exited',
      stderrTail: 'no route',
      attempt: 3,
      standing: 'redrivable',
    });
    expect(letter.claims.map(({ attempt }: { attempt: number }) => attempt)).toEqual([1, 2, 3]);

    writeFileSync(file('mended'), '');
    expect(await redriveAll()).toEqual({ deadLetters: [{ deadLetterId, outcome: 'redriven' }] });
    expect(await redriveAll()).toEqual({ deadLetters: [] });
    const job = await fleet.ended(jobId);
    expect(job).toMatchObject({ status: 'completed', findings: 1, ended: { completed: 1, failed: 0 } });
    expect(scans()).toBe(4);
    expect(await list('own')).toEqual([]);
  });
});

describe('messages that no worker can read', () => {
  it('are received five times, hold up nothing, and end as records of the fleet', async () => {
    const sqs = sqsClient();
    const [small] = TASK_QUEUES;
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: small?.name }));
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '1' } }));
    const unknown = '{"jobId":"019a0000-0000-7000-8000-0000000000ff","taskId":"0001"}';
    for (const MessageBody of ['not json', '{"hello":1}', unknown])
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    const { jobId } = await fleet.submit(['127.0.0.1']);
    fleet.work(stubScanner({ command: () => fakeScanner('print', OUTPUT) }));
    expect(await fleet.ended(jobId)).toMatchObject({ status: 'completed' });

    const urls = await Promise.all(
      TASK_QUEUES.map(async ({ size, deadLetterName }) => {
        const { QueueUrl: url } = await sqs.send(new GetQueueUrlCommand({ QueueName: deadLetterName }));
        return [size, url] as const;
      }),
    );
    const deadLetters = sqsTaskQueue(sqs, Object.fromEntries(urls) as Record<'small' | 'large', string>);
    await expect.poll(async () => (await deadLetters.depth('small')).visible, { timeout: 30_000 }).toBe(3);
    const empty = () => emptyDeadLetterQueues({ jobs: fleet.jobs, deadLetters, now: () => new Date() }, () => false);
    expect(await empty()).toEqual({ recorded: 3, dropped: 0 });
    expect(await empty()).toEqual({ recorded: 0, dropped: 0 });
    const records = (await list('fleet')) as { reason: string; body: string; queue: string }[];
    expect(records.map(({ reason, body, queue }) => [reason, body, queue]).sort()).toEqual([
      ['not_json', 'not json', 'small'],
      ['unknown_job', unknown, 'small'],
      ['wrong_schema', '{"hello":1}', 'small'],
    ]);
    sqs.destroy();
  });
});
