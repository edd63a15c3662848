import { beforeEach, describe, expect, it } from 'vitest';
import { httpHandler } from '#functions/middleware/http.ts';
import { submitJob } from '#functions/submit-job/submit-job.ts';
import { routes } from '#shared/contracts/routes.ts';
import type { JobStore } from '#shared/job/store.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';
import { readPolicy } from '#shared/target/policy.ts';
import { ACCEPTED, REFUSED } from '#test/support/forbidden-targets.ts';
import { aJob } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { memoryResults } from '#test/support/memory-results.ts';
import { CALLERS, call } from '#test/support/proxy-event.ts';

let stored: (readonly string[])[];
beforeEach(() => {
  captureLog();
  stored = [];
});

const store: JobStore['submit'] = async ({ job, spec, tasks }, answer) => {
  stored.push(spec.targets);
  const submitted = aJob({ ...job, status: 'queued', taskCount: tasks.length });
  return { outcome: 'created', job: submitted, body: answer(submitted, 0), released: [] };
};
const nowhere = async () => undefined;
const handler = httpHandler(
  routes.submitJob,
  { jobs: { takeToken: async () => ({ ok: true }) }, callers: CALLERS },
  (request) =>
    submitJob(
      {
        jobs: { submit: store, readUpload: nowhere },
        queue: { send: nowhere },
        results: memoryResults(),
        events: { jobSubmitted: nowhere, targetsDenied: nowhere },
        policy: async () => readPolicy({}),
        availability: { nmap: { available: true } },
        instances: async () => [],
        limits: DEFAULT_LIMITS,
        now: () => new Date('2026-01-31T12:00:00.000Z'),
        newId: () => '019a0000-0000-7000-8000-00000000abcd',
      },
      request,
    ),
);
/** As a target of its own, and beside one that may be scanned. */
const submit = (...targets: unknown[]) => call(handler, { body: { targets, scanners: [{ name: 'nmap' }] } });

const rows = REFUSED.flatMap(({ status, says, spellings }) =>
  spellings.map((spelling) => ({ status, says, spelling, shown: JSON.stringify(spelling) })),
);

describe('a target that must not be scanned', () => {
  it('is tried in more than 500 spellings, each once', () => {
    expect(new Set(rows.map(({ spelling }) => spelling)).size).toBe(rows.length);
    expect(rows.length).toBeGreaterThan(500);
  });

  it.each(rows)('$shown is refused: $says', async ({ status, says, spelling }) => {
    const answer = await submit('www.example.com', spelling);
    expect([answer.status, answer.json.errors]).toEqual([
      status,
      [{ field: 'targets[1]', message: expect.stringContaining(says) }],
    ]);
    expect(stored).toEqual([]);
  });

  it.each(['127.0.0.1', '0x7f.1', 'http://localhost:8080/', '::ffff:7f00:1'])(
    '%s is refused with a window of its own too',
    async (target) => {
      const { status } = await submit({ target, notAfter: '2026-01-31T13:00:00Z' });
      expect([400, 403]).toContain(status);
      expect(stored).toEqual([]);
    },
  );
});

describe('a target that may be scanned', () => {
  it.each(ACCEPTED)('%s is taken as %s', async (spelling, canonical) => {
    const { status } = await submit(spelling);
    expect([status, stored]).toEqual([201, [[canonical]]]);
  });
});
