import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { AwsClient } from 'aws4fetch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Identity, type RunningService, startService } from '#test/support/service.ts';

/** The real service with its workers held: what is submitted stays queued. */
let service: RunningService;
beforeAll(async () => {
  service = await startService({ env: { SCANFLEET_MAX_WORKERS: '0', SCANFLEET_RATE_LIMIT: 'off' } });
});
afterAll(() => service.stop());

const SCAN = { targets: ['127.0.0.1'], scanners: [{ name: 'nmap', options: { ports: '1-100' } }] };
const MINUTE_MS = 60_000;
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * MINUTE_MS);

async function refusal(answer: Response) {
  const { status, code, requestId } = (await answer.json()) as Record<string, unknown>;
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('x-amzn-requestid')).toBe(requestId);
  expect(status).toBe(answer.status);
  return `${status} ${code}`;
}

async function jobsOf(identity: Identity): Promise<string[]> {
  const answer = await service.ask(identity, '/jobs?limit=100');
  const { jobs } = (await answer.json()) as { jobs: { jobId: string }[] };
  return jobs.map(({ jobId }) => jobId);
}

/** Signs `GET /jobs?limit=1`, then sends it with `change`. By node:http, because fetch sends no body with a GET. */
async function tampered(change: { method?: string; path?: string; body?: string }): Promise<Response> {
  const { region, endpoint } = service;
  const client = new AwsClient({ ...service.as('acme'), region, service: 'execute-api' });
  const { headers } = await client.sign(`${endpoint}/jobs?limit=1`, { method: 'GET' });
  const { method = 'GET', path = '/jobs?limit=1', body = '' } = change;
  const sent = { ...Object.fromEntries(headers), 'content-length': String(body.length) };
  const message = httpRequest(endpoint + path, { method, headers: sent }).end(body);
  const [answer] = (await once(message, 'response')) as [IncomingMessage];
  const received = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)]);
  return new Response(await text(answer), { status: answer.statusCode ?? 0, headers: received });
}

describe('a request that is not signed by somebody we know', () => {
  const submit = (init: object, who = service.as('globex')) =>
    service.ask(who, '/jobs', { method: 'POST', json: SCAN, ...init });

  it('unsigned', async () => {
    const answer = await fetch(`${service.endpoint}/jobs`, { method: 'POST', body: JSON.stringify(SCAN) });
    expect(await refusal(answer)).toBe('403 missing_authentication');
  });

  it('with an unknown key', async () => {
    const stranger = { ...service.as('globex'), accessKeyId: 'LOCAL0123456789ABCDE' };
    expect(await refusal(await submit({}, stranger))).toBe('403 invalid_signature');
  });

  it('with a wrong secret', async () => {
    const thief = { ...service.as('globex'), secretAccessKey: service.as('acme').secretAccessKey };
    expect(await refusal(await submit({}, thief))).toBe('403 invalid_signature');
  });

  it.each([-6, 6, 60 * 24])('signed %i minutes off', async (minutes) => {
    expect(await refusal(await submit({ at: minutesAgo(minutes) }))).toBe('403 expired_signature');
  });

  it.each([
    ['method', { method: 'POST' }],
    ['path', { path: '/jobs/0190a6d2-7b1c-7c3e-9d2f-0a1b2c3d4e5f?limit=1' }],
    ['query', { path: '/jobs?limit=2' }],
    ['query, by one more parameter', { path: '/jobs?limit=1&status=queued' }],
    ['body', { body: '{}' }],
  ])('with a changed %s', async (_what, change) => {
    expect(await refusal(await tampered(change))).toBe('403 invalid_signature');
  });

  it('writes nothing', async () => {
    expect(await jobsOf(service.as('globex'))).toEqual([]);
  });
});

it('takes the request that the changed ones were made from', async () => {
  expect((await tampered({})).status).toBe(200);
});

it('takes a request signed up to 5 minutes ago', async () => {
  expect((await service.ask(service.as('acme'), '/jobs', { at: minutesAgo(4) })).status).toBe(200);
});

it.each([
  ['GET', '/nothing'],
  ['PATCH', '/jobs'],
  ['GET', '/'],
])('answers a signed %s %s as AWS does: missing authentication', async (method, path) => {
  expect(await refusal(await service.ask(service.as('acme'), path, { method }))).toBe('403 missing_authentication');
});

it('refuses a body of more than 1 MB', async () => {
  const json = { ...SCAN, description: 'x'.repeat(1024 * 1024) };
  const answer = await service.ask(service.as('acme'), '/jobs', { method: 'POST', json });
  expect(await refusal(answer)).toBe('413 request_too_large');
});

describe('a web page in a browser on this machine', () => {
  it.each(['http://evil.example', 'http://127.0.0.1:8088', 'null'])(
    'cannot call from %s, even signed',
    async (origin) => {
      const answer = await service.ask(service.as('acme'), '/jobs', { headers: { origin } });
      expect(await refusal(answer)).toBe('403 access_denied');
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    },
  );

  it('cannot call under a name it had resolved to this machine', async () => {
    const { hostname, port } = new URL(service.endpoint);
    const message = httpRequest({ hostname, port, path: '/jobs', headers: { host: `rebound.example:${port}` } }).end();
    const [answer] = (await once(message, 'response')) as [IncomingMessage];
    expect(answer.resume().statusCode).toBe(403);
  });
});

describe('two tenants', () => {
  it('do not see each other: another tenant has no such job', async () => {
    const created = await service.ask(service.as('acme'), '/jobs', { method: 'POST', json: SCAN });
    expect(created.status).toBe(201);
    const { jobId } = (await created.json()) as { jobId: string };
    const paths: [string, string][] = [
      ['GET', `/jobs/${jobId}`],
      ['POST', `/jobs/${jobId}/cancel`],
      ['GET', `/jobs/${jobId}/report`],
      ['POST', `/jobs/${jobId}/report-link`],
    ];
    for (const [method, path] of paths) {
      const answer = await service.ask(service.as('globex'), path, { method });
      expect(`${method} ${path} ${await refusal(answer)}`).toBe(`${method} ${path} 404 job_not_found`);
    }
    expect(await jobsOf(service.as('globex'))).toEqual([]);
    expect(await jobsOf(service.as('acme'))).toEqual([jobId]);
  });
});
