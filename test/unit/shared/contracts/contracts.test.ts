import { describe, expect, it } from 'vitest';
import { JobSubmittedDetail, ReportRequestedDetail, TaskMessage } from '#shared/contracts/events.ts';
import { Instant, JobId, TaskId } from '#shared/contracts/ids.ts';
import { ListJobsQuery } from '#shared/contracts/list-jobs.ts';
import { GATEWAY_PROBLEMS } from '#shared/contracts/problem.ts';
import { ReportQuery } from '#shared/contracts/report.ts';
import { routes } from '#shared/contracts/routes.ts';

const ID = '019a2b3c-4d5e-7f60-8a1b-2c3d4e5f6071';
const fieldsOf = (result: {
  success: boolean;
  error?: { issues: readonly { path: readonly PropertyKey[] }[] } | undefined;
}) => result.error?.issues.map(({ path }) => path.join('.'));

describe('ids', () => {
  it('take a UUIDv7 in lower case', () => expect(JobId.parse(ID)).toBe(ID));
  it.each([
    '',
    'x',
    ID.toUpperCase(),
    ID.replace('-7', '-4'),
    `${ID}0`,
    `${ID}\n`,
    ` ${ID}`,
    '../../etc/passwd',
    `${ID}#`,
    ID.replaceAll('-', ''),
  ])('refuse the job id %j', (id) => expect(JobId.safeParse(id).success).toBe(false));
  it.each(['1', '00001', '000x', '٠٠٠١', '0001\n'])('refuse the task id %j', (id) =>
    expect(TaskId.safeParse(id).success).toBe(false),
  );
});

describe('an instant', () => {
  it('is kept in UTC with milliseconds', () =>
    expect(Instant.parse('2026-01-31T12:00:00Z')).toBe('2026-01-31T12:00:00.000Z'));
  it.each(['2026-01-31', '2026-01-31T12:00:00', '2026-02-30T12:00:00Z', '2026-01-31T12:00:00+01:00', 'now', ''])(
    'is not %j',
    (text) => expect(Instant.safeParse(text).success).toBe(false),
  );
});

describe('a list', () => {
  it('has a limit of 20 unless told', () => expect(ListJobsQuery.parse({})).toEqual({ limit: 20 }));
  it('reads its words from a query string', () => {
    expect(
      ListJobsQuery.parse({ status: 'running', scanner: 'nmap', from: '2026-01-31T12:00:00Z', limit: '100' }),
    ).toEqual({
      status: 'running',
      scanner: 'nmap',
      from: '2026-01-31T12:00:00.000Z',
      limit: 100,
    });
  });
  // biome-ignore format: a table reads by column
  it.each([
    [{ status: 'done' }, 'status'], [{ scanner: 'x' }, 'scanner'], [{ limit: '0' }, 'limit'], [{ limit: '101' }, 'limit'], [{ limit: 'many' }, 'limit'], [{ limit: '1.5' }, 'limit'],
    [{ from: 'yesterday' }, 'from'], [{ to: '' }, 'to'], [{ cursor: '' }, 'cursor'], [{ cursor: 'x'.repeat(1_025) }, 'cursor'], [{ minSeverity: 'urgent' }, 'minSeverity'], [{ tenant: 'x' }, ''],
  ])('refuses %j, naming %j', (query, field) => expect(fieldsOf(ListJobsQuery.safeParse(query))).toEqual([field]));
});

describe('a report', () => {
  it('is JSON of everything unless told', () =>
    expect(ReportQuery.parse({})).toEqual({ format: 'json', severity: 'info', tree: false }));
  it.each([
    [{ format: 'pdf' }, 'format'],
    [{ profile: 'x' }, 'profile'],
    [{ severity: 'x' }, 'severity'],
    [{ download: '1' }, ''],
  ])('refuses %j, naming %j', (query, field) => expect(fieldsOf(ReportQuery.safeParse(query))).toEqual([field]));
});

describe('a message', () => {
  it('names a task', () =>
    expect(TaskMessage.parse({ jobId: ID, taskId: '0001' })).toEqual({ jobId: ID, taskId: '0001' }));
  it.each([{}, null, 'x', { jobId: ID }, { jobId: ID, taskId: 1 }, { jobId: ID, taskId: '0001', command: 'rm' }])(
    'is not %j',
    (body) => expect(TaskMessage.safeParse(body).success).toBe(false),
  );
  it('of a submitted or requested thing names its fields', () => {
    expect(
      fieldsOf(JobSubmittedDetail.safeParse({ jobId: ID, tenant: 't', traceId: 'x', workerSizes: ['huge'] })),
    ).toEqual(['workerSizes.0']);
    expect(
      fieldsOf(
        ReportRequestedDetail.safeParse({
          jobId: ID,
          tenant: 't',
          round: 1,
          format: 'json',
          profile: 'all',
          severity: 'info',
        }),
      ),
    ).toEqual(['profile']);
  });
});

describe('the routes', () => {
  const rows = Object.entries(routes);

  it('are each served once', () => {
    const places = rows.map(([, { method, path }]) => `${method} ${path}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it('name a folder after themselves', () => {
    for (const [name, route] of rows) expect(route.function).toBe(name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`));
  });

  it('check every variable in their path', () => {
    for (const [, { path, request }] of rows)
      expect(Object.keys(request.path.shape)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  });

  it('take no body where none is meant, and an absent or empty one where it has only defaults', () => {
    expect(routes.getJob.request.body.safeParse(undefined).success).toBe(true);
    expect(routes.getJob.request.body.safeParse({}).success).toBe(false);
    expect(routes.cancelJob.request.body.safeParse(undefined).success).toBe(true);
    expect(routes.cancelJob.request.body.safeParse({}).success).toBe(true);
    expect(routes.cancelJob.request.body.safeParse({ force: true }).success).toBe(false);
    expect(routes.reportLink.request.body.safeParse({ format: 'ndjson' }).success).toBe(true);
  });
});

describe('what the gateway answers by itself', () => {
  it('is an error with a code of its own', () => {
    const problems = Object.values(GATEWAY_PROBLEMS);
    expect(new Set(problems.map(({ code }) => code)).size).toBe(problems.length);
    for (const { status } of problems) expect(status).toBeGreaterThanOrEqual(400);
  });
});
