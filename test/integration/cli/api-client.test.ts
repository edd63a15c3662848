/** The client over real HTTP, against a server that answers as told and checks every signature. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type ApiClient, apiClient, type Report } from '#cli/api-client.ts';
import { requestSigner } from '#cli/signing.ts';
import type { WatchedJob } from '#cli/watch.ts';
import type { JobView } from '#shared/contracts/job.ts';
import {
  type Answer,
  broken,
  type ContractServer,
  json,
  problem,
  startContractServer,
} from '#test/support/contract-server.ts';
import { endedJobView, JOB_ID, jobView } from '#test/support/job-views.ts';

let server: ContractServer;
let pauses: number[];
const signal = new AbortController().signal;
beforeEach(async () => {
  server = await startContractServer('/prod');
  pauses = [];
});
afterEach(async () => {
  vi.useRealTimers();
  await server.close();
});

async function client(keys = server.identity): Promise<ApiClient> {
  const endpoint = { url: server.url, region: server.region, identity: keys, from: 'the test' };
  const sleep = async (ms: number) => void pauses.push(ms);
  return apiClient({ endpoint, sign: await requestSigner(endpoint), sleep, random: () => 0.5 });
}

const getJob = async () => (await client()).call('getJob', { path: { jobId: JOB_ID } }, signal);

describe('a call', () => {
  it('is signed, sent below the endpoint, and its answer checked and typed', async () => {
    server.answer(json(200, { ...jobView(), newField: 'of a later version' }));
    expect(await getJob()).toEqual(jobView());
    expect(server.received[0]?.url.pathname).toBe(`/prod/jobs/${JOB_ID}`);
  });

  it('signs what a query can hold', async () => {
    server.answer(json(200, { jobs: [] }));
    const target = "https://a.example/x y+z?q=(1)&r='*!~é%2F";
    await (await client()).call('listJobs', { query: { target, project: undefined, limit: 5 } }, signal);
    const query = server.received[0]?.url.searchParams;
    expect([...(query ?? [])]).toEqual([
      ['target', target],
      ['limit', '5'],
    ]);
  });

  it('signs body and headers of a submit', async () => {
    server.answer(json(201, { ...jobView(), queuePosition: 0 }));
    const body = { targets: ['ä.example'], scanners: [{ name: 'nmap' as const }] };
    const input = { body, headers: { 'Idempotency-Key': 'key-1' } };
    expect(await (await client()).call('submitJob', input, signal)).toMatchObject({ queuePosition: 0 });
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual(body);
    expect(server.received[0]?.headers).toMatchObject({
      'idempotency-key': 'key-1',
      'content-type': 'application/json',
    });
    expect(server.received[0]?.headers.authorization).toMatch(/SignedHeaders=[^,]*idempotency-key/);
  });

  it('is refused when signed by other keys', async () => {
    const stranger = await client({ ...server.identity, secretAccessKey: 'another secret' });
    const refused = stranger.call('getJob', { path: { jobId: JOB_ID } }, signal);
    await expect(refused).rejects.toMatchObject({ code: 'invalid_signature', status: 403 });
    expect(server.received).toEqual([]);
  });
});

describe('a refusal', () => {
  it('carries code, fields and request id', async () => {
    const errors = [{ field: 'targets.0', message: 'is "-x"' }];
    server.answer(problem(400, 'invalid_request', { detail: 'The request cannot be used.', errors }));
    await expect(getJob()).rejects.toMatchObject({
      name: 'ApiError',
      status: 400,
      code: 'invalid_request',
      message: 'The request cannot be used.',
      errors,
      requestId: 'request-1',
      retryable: false,
    });
    expect(server.received).toHaveLength(1);
  });

  it('may be no problem document', async () => {
    server.answer((_, response) => {
      response.writeHead(403, { 'x-amzn-requestid': 'request-2' }).end('<html>');
    });
    await expect(getJob()).rejects.toMatchObject({ code: 'http_403', requestId: 'request-2' });
  });
});

describe('what can get better is tried again', () => {
  it('after Retry-After', async () => {
    server.answer(problem(429, 'rate_limited', { retryAfter: '3' }), json(200, jobView()));
    expect(await getJob()).toEqual(jobView());
    expect(pauses).toEqual([3_100]);
  });

  it('after a lost answer, by a request signed anew', async () => {
    server.answer(broken(), problem(503, 'x'), json(200, jobView()));
    expect(await getJob()).toEqual(jobView());
    expect(pauses).toEqual([100, 200]);
  });

  it('for a submit under the same key', async () => {
    server.answer(broken(), json(200, { ...jobView(), queuePosition: 0 }));
    const body = { targets: ['a.example'], scanners: [{ name: 'nmap' as const }] };
    await (await client()).call('submitJob', { body, headers: { 'Idempotency-Key': 'key-1' } }, signal);
    expect(server.received.map(({ headers }) => headers['idempotency-key'])).toEqual(['key-1', 'key-1']);
  });

  it('five times at most', async () => {
    server.answer(problem(500, 'internal_error'));
    await expect(getJob()).rejects.toMatchObject({ status: 500 });
    expect(server.received).toHaveLength(5);
  });

  it('unless a long pause is asked for', async () => {
    server.answer(problem(429, 'quota_exceeded', { retryAfter: '60' }));
    await expect(getJob()).rejects.toMatchObject({ code: 'quota_exceeded', retryAfterSeconds: 60 });
    expect(server.received).toHaveLength(1);
  });
});

describe('no answer', () => {
  it('because nothing listens is told with what to do', async () => {
    await server.close();
    await expect(getJob()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/nothing listens on http:\/\/127\.0\.0\.1:\d+\/prod \(from the test\).*npm start/),
    });
  });

  it.each<[string, Answer]>([
    ['the service says nothing', () => vi.advanceTimersByTime(35_000)],
    [
      'the body stops half-way',
      (_, response) => {
        response.writeHead(200).write('{"jobId":', () => setImmediate(() => vi.advanceTimersByTime(35_000)));
      },
    ],
  ])('because %s ends after 35 s', async (_, answer) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    server.answer(answer);
    await expect(getJob()).rejects.toMatchObject({ code: 'timeout' });
    expect(server.received).toHaveLength(5);
  });

  it('is not waited for once the caller has had enough', async () => {
    const enough = new AbortController();
    server.answer(() => enough.abort(new Error('enough')));
    const waiting = (await client()).call('getJob', { path: { jobId: JOB_ID } }, enough.signal);
    await expect(waiting).rejects.toThrow('enough');
  });
});

describe('an answer that is not this API', () => {
  it.each([
    ['another shape', json(200, { hello: 'world' })],
    ['no JSON', json(200, undefined)],
    ['another status', json(204, {})],
    ['a redirect', json(302, {}, { location: 'http://127.0.0.1:1/' })],
  ])('is refused: %s', async (_, answer) => {
    server.answer(answer);
    await expect(getJob()).rejects.toMatchObject({ code: 'unexpected_answer' });
  });
});

describe('a watch', () => {
  const event = (id: string, job: JobView) => `id: ${id}\nevent: job\ndata: ${JSON.stringify(job)}\n\n`;
  const sending =
    (text: string, headers: Record<string, string> = { 'content-type': 'text/event-stream' }): Answer =>
    (_, response) =>
      void response.writeHead(200, headers).end(text);
  const watch = async (headers: Record<string, string> = {}, stop = signal) =>
    (await client()).watchJob({ path: { jobId: JOB_ID }, headers }, stop);

  async function read(watched: AsyncIterable<WatchedJob>): Promise<string[]> {
    const told: string[] = [];
    for await (const { id, job } of watched) told.push(`${id} ${job.status}`);
    return told;
  }

  it('tells each state with its id, and nothing of what else is in the stream', async () => {
    server.answer(sending(`retry: 1000\n\n:\n\n${event('a', jobView())}:\n\n${event('b', endedJobView())}`));
    expect(await read(await watch({ 'Last-Event-ID': 'z' }))).toEqual(['a running', 'b completed']);
    expect(server.received[0]?.headers['last-event-id']).toBe('z');
    expect(server.received[0]?.headers.authorization).toMatch(/SignedHeaders=[^,]*last-event-id/);
  });

  it('comes in whatever pieces the network makes', async () => {
    const bytes = Buffer.from(event('a', jobView({ name: 'ä€😀' })));
    server.answer(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const byte of bytes) await new Promise((done) => response.write(Uint8Array.of(byte), done));
      response.end();
    });
    for await (const { job } of await watch()) expect(job.name).toBe('ä€😀');
    expect(server.received).toHaveLength(1);
  });

  it('does not tell an event that was cut', async () => {
    server.answer(sending(event('a', jobView()) + event('b', endedJobView()).slice(0, -1)));
    expect(await read(await watch())).toEqual(['a running']);
  });

  it('of a state already seen for the last is over', async () => {
    server.answer((_, response) => void response.writeHead(204).end());
    expect(await read(await watch())).toEqual([]);
  });

  it.each<[string, Answer, string]>([
    ['the connection breaks', broken(event('a', jobView()), { 'content-type': 'text/event-stream' }), 'watch_broken'],
    ['an event is no job', sending('data: {}\n\n'), 'unexpected_answer'],
  ])('fails when %s', async (_, answer, code) => {
    server.answer(answer);
    await expect(watch().then(read)).rejects.toMatchObject({ code });
  });

  it.each<[string, Answer, string]>([
    ['refused', problem(404, 'job_not_found'), 'job_not_found'],
    ['unavailable', problem(503, 'x'), 'x'],
    ['answered with something else', json(200, jobView()), 'unexpected_answer'],
  ])('that is %s is tried once', async (_, answer, code) => {
    server.answer(answer);
    await expect(watch()).rejects.toMatchObject({ code });
    expect(server.received).toHaveLength(1);
  });

  it('that falls silent for 45 s is broken', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    server.answer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(event('a', jobView()));
    });
    const reading = (await watch())[Symbol.asyncIterator]();
    expect((await reading.next()).value).toMatchObject({ id: 'a' });
    const broken = expect(reading.next()).rejects.toMatchObject({ code: 'watch_silent' });
    await vi.advanceTimersByTimeAsync(45_000);
    await broken;
  });

  it('is left at once by who has had enough, and the service is told', async () => {
    const enough = new AbortController();
    const left = new Promise((resolve) => {
      server.answer((_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(event('a', jobView()));
        response.once('close', resolve);
      });
    });
    const reading = (await watch({}, enough.signal))[Symbol.asyncIterator]();
    await reading.next();
    const stopped = expect(reading.next()).rejects.toThrow('enough');
    enough.abort(new Error('enough'));
    await stopped;
    await left;
  });
});

describe('a report', () => {
  const LINES = '{"title":"a"}\n{"title":"b"}\n';
  const END = '{"end":true,"findings":2}\n';
  const WHOLE = LINES + END;
  const COUNT = { 'scanfleet-findings': '2' };
  const sending =
    (body: string | Buffer, headers: Record<string, string> = COUNT): Answer =>
    (_, response) =>
      void response.writeHead(200, headers).end(body);

  const request = { path: { jobId: JOB_ID }, query: { format: 'ndjson' } } as const;
  const open = async (): Promise<Report> => (await client()).exportReport(request, signal);

  async function read(): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await open()).body) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  it('comes as it is', async () => {
    server.answer(sending(WHOLE));
    expect(await read()).toBe(WHOLE);
    expect(server.received[0]?.url.search).toBe('?format=ndjson');
  });

  it('may come compressed', async () => {
    server.answer(sending(gzipSync(WHOLE), { ...COUNT, 'content-encoding': 'gzip' }));
    expect(await read()).toBe(WHOLE);
  });

  it('is fetched from where a large one is pointed to, without our signature', async () => {
    let asked: IncomingMessage | undefined;
    const bucket = createServer((incoming, response) => {
      asked = incoming;
      response.setHeader('connection', 'close').end(WHOLE);
    });
    await once(bucket.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void bucket.close());
    const { port } = bucket.address() as AddressInfo;
    server.answer((_, response) => {
      response.writeHead(303, { ...COUNT, location: `http://127.0.0.1:${port}/report?X-Amz-Signature=x` }).end();
    });
    expect(await read()).toBe(WHOLE);
    expect(asked?.url).toBe('/report?X-Amz-Signature=x');
    expect(asked?.headers.authorization).toBeUndefined();
  });

  const building = json(202, { status: 'building', retryAfterSeconds: 5 });

  it('is waited for while it is built', async () => {
    server.answer(building, building, sending(WHOLE));
    let told = 0;
    const { findings } = await (await client()).exportReport(request, signal, () => (told += 1));
    expect(findings).toBe(2);
    expect(pauses).toEqual([5_000, 5_000]);
    expect(told).toBe(1);
  });

  it('that is not built within 20 minutes is given up', async () => {
    server.answer(building);
    await expect(open()).rejects.toMatchObject({ code: 'report_not_built' });
    expect(pauses).toHaveLength(240);
  });

  it.each<[string, Answer]>([
    ['the connection breaks', broken(LINES, COUNT)],
    ['the connection breaks short of its length', broken(LINES, { 'content-length': String(WHOLE.length) })],
    ['it ends cleanly but early', sending(LINES, {})],
    ['its compressed stream is cut', sending(gzipSync(WHOLE).subarray(0, -12), { 'content-encoding': 'gzip' })],
    ['its count promises more', sending(WHOLE, { 'scanfleet-findings': '3' })],
  ])('never passes for whole when %s', async (_, answer) => {
    server.answer(answer);
    await expect(read()).rejects.toMatchObject({ code: 'report_truncated' });
  });

  it('that is refused is not a report', async () => {
    server.answer(problem(404, 'job_not_found'));
    await expect(read()).rejects.toMatchObject({ code: 'job_not_found', status: 404 });
  });

  it('that cannot begin is asked for again', async () => {
    server.answer(problem(503, 'x'), sending(WHOLE));
    expect(await read()).toBe(WHOLE);
  });

  it('may take longer to come than to begin', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let end = () => undefined as unknown;
    server.answer((_, response) => {
      response.writeHead(200, COUNT).write(LINES);
      end = () => response.end(END);
    });
    const report = await open();
    vi.advanceTimersByTime(600_000);
    end();
    let text = '';
    for await (const chunk of report.body) text += Buffer.from(chunk).toString();
    expect(text).toBe(WHOLE);
    expect(report.findings).toBe(2);
  });
});
