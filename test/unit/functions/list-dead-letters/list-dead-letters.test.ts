import { beforeEach, describe, expect, it } from 'vitest';
import { listDeadLetters } from '#functions/list-dead-letters/list-dead-letters.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { DeadLettersResponse } from '#shared/contracts/dead-letters.ts';
import { routes } from '#shared/contracts/routes.ts';
import type { DeadTask, UnreadableMessage } from '#shared/job/dead-letter.ts';
import { aTask, JOB_ID, TENANT } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { ADMIN_ARN, CALLERS, call, OTHER_ARN, type TestRequest } from '#test/support/proxy-event.ts';

const AT = '2026-01-31T12:00:00.000Z';
const CLAIM = { attempt: 3, worker: 'worker-1', at: AT, endedAt: AT, why: 'scanner_crashed' };
const DEAD: DeadTask = {
  letter: {
    tenant: TENANT,
    jobId: JOB_ID,
    taskId: '0001',
    scanner: 'nmap',
    code: 'scanner_crashed',
    message: 'nmap ended by SIGSEGV',
    attempt: 3,
    at: AT,
  },
  task: aTask({
    status: 'failed',
    error: { code: 'scanner_crashed', message: 'nmap ended by SIGSEGV', retryable: true, stderrTail: 'bad luck' },
    claims: [CLAIM],
    deadLetteredAt: AT,
  }),
  standing: 'redrivable',
};
const MESSAGE: UnreadableMessage = {
  hash: 'a'.repeat(64),
  at: AT,
  reason: 'not_json',
  body: 'hello',
  bytes: 5,
  receiveCount: 5,
  queue: 'small',
};

let asked: unknown[][];
const jobs = {
  takeToken: async () => ({ ok: true }) as const,
  listDeadLetters: async (...args: unknown[]) => {
    asked.push(args);
    return { items: [DEAD], after: `${AT}#${JOB_ID}#0001` };
  },
  listUnreadable: async (...args: unknown[]) => {
    asked.push(args);
    return { items: [MESSAGE], after: `${AT}#${MESSAGE.hash}` };
  },
};
const handler = httpHandler(routes.listDeadLetters, { jobs, callers: CALLERS }, (request) =>
  listDeadLetters({ jobs }, request),
);
const list = (query: TestRequest['query'] = {}, userArn?: string) =>
  call(handler, { query, ...(userArn ? { userArn } : {}) });

beforeEach(() => {
  captureLog();
  asked = [];
});

describe('GET /dead-letters', () => {
  it("lists the tenant's tasks with cause, claims and the scanner's last words", async () => {
    const { status, json } = await list();
    expect(status).toBe(200);
    expect(DeadLettersResponse.parse(json).deadLetters).toEqual([
      {
        kind: 'task',
        deadLetterId: `${JOB_ID}/0001`,
        jobId: JOB_ID,
        taskId: '0001',
        scanner: 'nmap',
        at: AT,
        code: 'scanner_crashed',
        message: 'nmap ended by SIGSEGV',
        stderrTail: 'bad luck',
        attempt: 3,
        claims: [CLAIM],
        standing: 'redrivable',
      },
    ]);
    expect(asked).toEqual([['111111111111', 20, undefined]]);
  });

  it('lists for admins the messages nobody could read', async () => {
    const { json } = await list({ scope: 'fleet' }, ADMIN_ARN);
    expect(DeadLettersResponse.parse(json).deadLetters).toEqual([
      {
        kind: 'message',
        deadLetterId: 'a'.repeat(64),
        at: AT,
        reason: 'not_json',
        body: 'hello',
        bytes: 5,
        receiveCount: 5,
        queue: 'small',
      },
    ]);
  });

  it('refuses those to everybody else', async () => {
    const { status, json } = await list({ scope: 'fleet' });
    expect([status, json.code]).toEqual([403, 'admins_only']);
    expect(asked).toEqual([]);
  });

  it('goes on at a cursor of the same list, and of no other', async () => {
    const { nextCursor } = (await list()).json;
    await list({ cursor: nextCursor, limit: '7' });
    expect(asked[1]).toEqual(['111111111111', 7, `${AT}#${JOB_ID}#0001`]);
    const refused = [
      await list({ cursor: nextCursor }, OTHER_ARN),
      await list({ cursor: nextCursor, scope: 'fleet' }, ADMIN_ARN),
    ];
    for (const { status, json } of refused) expect([status, json.errors[0].field]).toEqual([400, 'cursor']);
  });

  it.each([
    ['scope', 'all'],
    ['limit', '101'],
    ['tenant', 'globex'],
  ])('refuses %s=%s', async (field, value) => {
    const { status, json } = await list({ [field]: value });
    expect([status, json.errors[0].field]).toEqual([400, field]);
  });
});
