import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type HttpAnswer, type HttpDeps, httpHandler } from '#functions/middleware/http.ts';
import type { Route } from '#shared/contracts/route.ts';
import { changeEnvironment } from '#shared/env.ts';
import {
  ConflictError,
  CorruptError,
  ForbiddenError,
  LimitError,
  NotFoundError,
  SchemaVersionError,
  UnavailableError,
  ValidationError,
} from '#shared/errors.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { ACME_ARN, ADMIN_ARN, CALLERS, call, type TestRequest } from '#test/support/proxy-event.ts';

const route = {
  method: 'POST',
  path: '/things/{id}',
  function: 'make-thing',
  summary: 'Make a thing',
  request: {
    path: z.strictObject({ id: z.string().regex(/^[a-z]+$/, 'must be lower-case letters') }),
    query: z.strictObject({ limit: z.coerce.number().int().max(10).optional() }),
    body: z
      .strictObject({
        list: z.array(z.strictObject({ port: z.int().max(9) })),
        labels: z.record(z.string().regex(/^[a-z]+$/, 'must be lower-case letters'), z.string()).optional(),
      })
      .optional(),
  },
  responses: { 200: undefined },
  streaming: false,
  callers: 'any',
} satisfies Route;

const deps: HttpDeps = { jobs: { takeToken: async () => ({ ok: true }) }, callers: CALLERS };
const echo = httpHandler(route, deps, async (request) => ({ status: 200, body: request }));
const answering = (answer: HttpAnswer | Error) =>
  httpHandler(route, deps, async () => {
    if (answer instanceof Error) throw answer;
    return answer;
  });
const send = (handler: unknown, request: TestRequest = {}) =>
  call(handler, { path: '/things/abc', pathParameters: { id: 'abc' }, ...request });

let log: ReturnType<typeof captureLog>;
beforeEach(() => {
  log = captureLog();
});
afterEach(() => changeEnvironment({ _X_AMZN_TRACE_ID: undefined }));

describe('an HTTP handler', () => {
  it('hands path, query, body and caller to the decision, checked', async () => {
    const { json } = await send(echo, { query: { limit: '5' }, body: { list: [{ port: 7 }] } });
    expect(json).toMatchObject({
      path: { id: 'abc' },
      query: { limit: 5 },
      body: { list: [{ port: 7 }] },
      url: '/things/abc',
      caller: { principal: '111111111111/acme', tenant: '111111111111', sessionId: 'alice', admin: false },
    });
  });

  it('sends a string body byte for byte and anything else as JSON', async () => {
    expect((await send(answering({ status: 200, body: '{"a" : 1}' }))).text).toBe('{"a" : 1}');
    expect((await send(answering({ status: 200, body: { a: 1 } }))).text).toBe('{"a":1}');
  });

  it.each([
    ['an answer', answering({ status: 201, body: {} })],
    ['a refusal', answering(new NotFoundError('none', 'there is none'))],
    ['a fault', answering(new Error('boom'))],
  ])('protects %s by security headers', async (_what, handler) => {
    const { headers } = await send(handler);
    expect(Object.fromEntries(headers)).toMatchObject({
      'strict-transport-security': 'max-age=63072000; includeSubDomains',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  });

  it('keeps a well-formed trace id and replaces any other', async () => {
    const given = await send(echo, {
      headers: { 'X-Amzn-Trace-Id': 'Self=1-x;Root=1-67891233-abcdef012345678912345678;Sampled=1' },
    });
    expect(given.json.trace).toEqual({ traceId: '1-67891233-abcdef012345678912345678' });
    const made = await send(echo, { headers: { 'X-Amzn-Trace-Id': 'Root=<script>' } });
    expect(made.json.trace).toEqual({ traceId: expect.stringMatching(/^1-[0-9a-f]{8}-[0-9a-f]{24}$/) });
  });

  it('belongs to the trace that Lambda records, whatever the caller passes on', async () => {
    changeEnvironment({
      _X_AMZN_TRACE_ID: 'Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1',
    });
    const { json } = await send(echo, { headers: { 'X-Amzn-Trace-Id': 'Root=1-00000000-000000000000000000000000' } });
    expect(json.trace).toEqual({ traceId: '1-67891233-abcdef012345678912345678', traceParent: '53995c3f42cd8ad8' });
  });
});

describe('a request that cannot be used', () => {
  it('names every wrong field of path, query and body at once, by its path', async () => {
    const { status, json } = await send(echo, {
      pathParameters: { id: 'ABC' },
      query: { limit: '11' },
      body: { list: [{ port: 1 }, { port: 99, colour: 'red' }], labels: { 'Not OK': 'x' } },
    });
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 'invalid_request', title: 'Bad Request', requestId: 'request-1' });
    expect(json.errors.map(({ field }: { field: string }) => field)).toEqual([
      'id',
      'limit',
      'list[1].port',
      'list[1].colour',
      'labels["Not OK"]',
    ]);
    expect(json.errors.at(-1).message).toBe('must be lower-case letters');
  });

  it('says of an absent field that it is required', async () => {
    const { json } = await send(echo, { body: {} });
    expect(json.errors).toEqual([{ field: 'list', message: 'is required' }]);
  });

  it.each<[string, TestRequest, string, string]>([
    ['is not JSON', { body: '{"list":', headers: json() }, 'body', 'must be JSON'],
    ['is not an object', { body: '[]', headers: json() }, 'body', 'Invalid input'],
    ['has no content type', { body: '{}' }, 'Content-Type', 'must be application/json'],
    [
      'has another content type',
      { body: '{}', headers: json('text/plain') },
      'Content-Type',
      'must be application/json',
    ],
    [
      'has another charset',
      { body: '{}', headers: json('application/json; charset=utf-16') },
      'Content-Type',
      'must be',
    ],
    [
      'has two content types',
      { body: '{}', headers: { 'content-type': ['application/json', 'text/html'] } },
      'Content-Type',
      'must be',
    ],
    [
      'is not UTF-8',
      { body: Buffer.of(0x22, 0xff, 0x22).toString('base64'), isBase64Encoded: true, headers: json() },
      'body',
      'must be valid UTF-8',
    ],
    [
      'names __proto__',
      { body: '{"list":[],"__proto__":{"admin":true}}', headers: json() },
      '__proto__',
      'is not a known field',
    ],
  ])('is refused when its body %s', async (_what, request, field, message) => {
    const { status, json } = await send(echo, request);
    expect(status).toBe(400);
    expect(json.errors).toHaveLength(1);
    expect(json.errors[0].field).toBe(field);
    expect(json.errors[0].message).toContain(message);
  });

  it('takes JSON that API Gateway passed on in base64', async () => {
    const body = Buffer.from('{"list":[{"port":3}]}').toString('base64');
    const { json: answer } = await send(echo, {
      body,
      isBase64Encoded: true,
      headers: json('application/JSON;charset="UTF-8"'),
    });
    expect(answer.body).toEqual({ list: [{ port: 3 }] });
  });

  it('takes the last of duplicate keys and leaves prototypes alone', async () => {
    const { json: answer } = await send(echo, { body: '{"list":[{"port":1}],"list":[]}', headers: json() });
    expect(answer.body).toEqual({ list: [] });
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  it('is refused when a parameter is given twice', async () => {
    const { json } = await send(echo, { query: { limit: ['1', '2'] } });
    expect(json.errors).toEqual([{ field: 'limit', message: 'must be given once' }]);
  });

  it('is 413 when its body is larger than 1 MB, in bytes and not in characters', async () => {
    const { status, json: problem } = await send(echo, { body: 'ä'.repeat(524_289), headers: json() });
    expect([status, problem.code]).toEqual([413, 'request_too_large']);
  });

  it('gets at most 100 errors, and how many more there are', async () => {
    const { json } = await send(echo, { body: { list: Array.from({ length: 250 }, () => ({ port: 10 })) } });
    expect(json.errors).toHaveLength(101);
    expect(json.errors[99].field).toBe('list[99].port');
    expect(json.errors[100]).toEqual({ field: 'errors', message: 'and 150 more' });
    expect(json.detail).toBe('250 fields cannot be used');
  });

  it('gets names of its own making cut short', async () => {
    const { json } = await send(echo, { body: { list: [], ['k'.repeat(5_000)]: 1 } });
    expect(json.errors[0].field).toMatch(/^\["k{100}…"\]$/);
  });
});

describe('who may call', () => {
  it.each([null, 'arn:aws:iam::111111111111:group/x', 'nonsense'])('refuses the principal %s', async (userArn) => {
    const { status, json } = await send(echo, { userArn });
    expect([status, json.code]).toEqual([403, 'unknown_principal']);
  });

  it('keeps a route for admins from everybody else', async () => {
    const handler = httpHandler({ ...route, callers: 'admins' }, deps, async () => ({ status: 200 }));
    expect((await send(handler, { userArn: ACME_ARN })).json.code).toBe('admins_only');
    expect((await send(handler, { userArn: ADMIN_ARN })).status).toBe(200);
  });

  it('is told when to come back once the rate is used up, whatever was sent', async () => {
    const asked: string[][] = [];
    const takeToken: HttpDeps['jobs']['takeToken'] = async (...who) => {
      asked.push(who);
      return { ok: false, retryAfterSeconds: 1.2 };
    };
    const handler = httpHandler(route, { ...deps, jobs: { takeToken } }, async () => ({ status: 200 }));
    const { status, headers, json } = await send(handler, { body: 'garbage' });
    expect([status, json.code, headers.get('retry-after')]).toEqual([429, 'rate_limited', '2']);
    expect(asked).toEqual([['111111111111', '111111111111/acme']]);
  });
});

describe('a fault', () => {
  it.each([
    [new ValidationError([{ field: 'targets', message: 'must be fewer' }]), 400, 'invalid_request'],
    [new ForbiddenError('target_denied', 'no', [{ field: 'targets[0]', message: 'is denied' }]), 403, 'target_denied'],
    [new NotFoundError('job_not_found', 'there is no job'), 404, 'job_not_found'],
    [new ConflictError('job_state', 'a completed job cannot cancel'), 409, 'job_state'],
    [new LimitError('quota_exceeded', 'too many jobs', 30), 429, 'quota_exceeded'],
    [new SchemaVersionError('schema_version', 'the item is newer'), 500, 'schema_version'],
    [new UnavailableError('throttled', 'DynamoDB is throttling'), 503, 'throttled'],
  ])('%s is an answer with its own status and code', async (error, status, code) => {
    const { status: got, headers, json } = await send(answering(error));
    expect(got).toBe(status);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(json).toMatchObject({ type: 'about:blank', status, code, requestId: 'request-1' });
  });

  it('carries the field errors of a refusal', async () => {
    const { json } = await send(answering(new ForbiddenError('target_denied', 'no', [{ field: 'a', message: 'b' }])));
    expect(json.errors).toEqual([{ field: 'a', message: 'b' }]);
  });

  it.each([
    ['something unexpected', new Error('secret table name', { cause: new Error('secret key') })],
    ['a damaged record', new CorruptError('job_spec', 'secret table name')],
  ])('of %s says nothing of itself, but to the log', async (_what, error) => {
    const { status, text, json } = await send(answering(error));
    expect([status, json.code]).toEqual([500, 'internal_error']);
    expect(text).not.toContain('secret');
    expect(log.raw.join('')).toContain('secret table name');
    const line = log.lines.find(({ level }) => level === 'ERROR');
    expect(line).toMatchObject({ message: 'request failed', requestId: json.requestId, status: 500 });
  });

  it('survives what is thrown without being an error', async () => {
    const handler = httpHandler(route, deps, () => Promise.reject('a string'));
    expect((await send(handler)).status).toBe(500);
  });
});

describe('the log', () => {
  it('has one line a request: who, what, how it ended, and no header or body', async () => {
    await send(echo, { body: { list: [{ port: 1 }] }, headers: { Authorization: 'AWS4-HMAC-SHA256 secret' } });
    const lines = log.lines.filter(({ message }) => message === 'request');
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'INFO',
        function: 'make-thing',
        request: 'POST /things/{id}',
        status: 200,
        requestId: 'request-1',
        tenant: '111111111111',
        principal: '111111111111/acme',
        sessionId: 'alice',
        ms: expect.any(Number),
        traceId: expect.stringMatching(/^1-/),
      }),
    ]);
    expect(log.raw.join('')).not.toContain('secret');
  });

  it('names the job and why a request was refused', async () => {
    await send(answering({ status: 201, jobId: 'job-7' }));
    await send(answering(new ConflictError('job_state', 'no')));
    expect(log.lines).toContainEqual(expect.objectContaining({ jobId: 'job-7', status: 201 }));
    expect(log.lines).toContainEqual(expect.objectContaining({ code: 'job_state', status: 409, level: 'INFO' }));
  });

  it('carries the metrics of the request', async () => {
    await send(answering(new Error('boom')));
    expect(log.lines).toContainEqual(
      expect.objectContaining({ function: 'make-thing', Requests: 1, Errors: 1, RequestDuration: expect.any(Number) }),
    );
  });
});

function json(type = 'application/json') {
  return { 'content-type': type };
}
