import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import type { Context } from 'aws-lambda';
import { beforeEach, describe, expect, it } from 'vitest';
import { type StreamAnswer, streamHandler } from '#functions/middleware/stream.ts';
import { installAwsLambda } from '#local/gateway/awslambda.ts';
import { routes } from '#shared/contracts/routes.ts';
import { ConflictError } from '#shared/errors.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { CALLERS, proxyEvent } from '#test/support/proxy-event.ts';

installAwsLambda();

const deps = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };
const event = proxyEvent({ pathParameters: { jobId: '019a0000-0000-7000-8000-000000000000' } });
type Prelude = { statusCode: number; headers: Record<string, string> };

/** Runs a handler whose decision is `decide`, answering into `into`. */
function run(decide: (request: unknown, clientGone: AbortSignal) => Promise<StreamAnswer>, into: Writable) {
  const handler = streamHandler(routes.exportReport, deps, decide) as unknown as (
    event: unknown,
    stream: Writable,
    context: Context,
  ) => Promise<void>;
  const ended = handler(event, into, {} as Context);
  return { ended, prelude: () => (into as Writable & { prelude?: Prelude }).prelude };
}

const streaming = (body: AsyncIterable<Uint8Array>) => async (): Promise<StreamAnswer> => ({
  status: 200,
  headers: { 'Content-Type': 'text/plain' },
  body,
});

async function* chunks(...texts: (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    if (text instanceof Error) throw text;
    yield Buffer.from(text);
  }
}

let log: ReturnType<typeof captureLog>;
beforeEach(() => {
  log = captureLog();
});

describe('a streaming handler', () => {
  it('sends status and headers, then the chunks', async () => {
    const into = new PassThrough();
    const { ended, prelude } = run(streaming(chunks('one,', 'two')), into);
    expect(Buffer.concat(await into.toArray()).toString()).toBe('one,two');
    await ended;
    expect(prelude()).toMatchObject({
      statusCode: 200,
      headers: { 'Content-Type': 'text/plain', 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' },
    });
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'request', status: 200 }));
  });

  it('sends an empty body', async () => {
    const into = new PassThrough();
    const { ended, prelude } = run(streaming(chunks()), into);
    expect(await into.toArray()).toEqual([]);
    await ended;
    expect(prelude()?.statusCode).toBe(200);
  });

  it.each([
    ['the decision', () => Promise.reject(new ConflictError('job_not_finished', 'wait'))],
    ['the first chunk', streaming(chunks(new ConflictError('job_not_finished', 'wait')))],
  ])('answers problem+json when %s fails', async (_what, decide) => {
    const into = new PassThrough();
    const { ended, prelude } = run(decide, into);
    const problem = JSON.parse(Buffer.concat(await into.toArray()).toString());
    await ended;
    expect(problem).toMatchObject({ status: 409, code: 'job_not_finished' });
    expect(prelude()).toMatchObject({ statusCode: 409, headers: { 'Content-Type': 'application/problem+json' } });
  });

  it('breaks the connection when a later chunk fails, and logs why', async () => {
    const into = new PassThrough();
    into.resume();
    const broken = once(into, 'error');
    const { ended } = run(streaming(chunks('one', new Error('S3 is gone'))), into);
    await expect(ended).rejects.toThrow('S3 is gone');
    expect((await broken)[0]).toMatchObject({ message: 'S3 is gone' });
    expect(into.writableFinished).toBe(false);
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: 'ERROR', error: expect.objectContaining({ message: 'S3 is gone' }) }),
    );
  });

  it('reads no further than the client takes', async () => {
    let made = 0;
    let letGo = () => {};
    const stalled = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const into = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => void stalled.then(() => done()),
    });
    async function* endless() {
      for (made = 1; made <= 1_000; made += 1) yield Buffer.alloc(65_536);
    }
    const { ended } = run(streaming(endless()), into);
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(made).toBeLessThan(10);
    letGo();
    await ended;
    expect(made).toBe(1_001);
  });

  it('stops reading when the client is gone, which is no fault of ours', async () => {
    let closed = false;
    async function* source() {
      try {
        for (;;) yield Buffer.alloc(65_536);
      } finally {
        closed = true;
      }
    }
    const into = new PassThrough();
    const { ended } = run(streaming(source()), into);
    await once(into, 'readable');
    into.destroy();
    await expect(ended).rejects.toThrow();
    expect(closed).toBe(true);
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: 'INFO', message: 'request', code: 'client_gone' }),
    );
  });

  it('tells at once a body that waits for its next chunk when the client is gone', async () => {
    const into = new PassThrough();
    const waiting = (_request: unknown, clientGone: AbortSignal) => {
      async function* source() {
        yield Buffer.from('one');
        await once(clientGone, 'abort');
      }
      return streaming(source())();
    };
    const { ended } = run(waiting, into);
    await once(into, 'readable');
    into.destroy();
    await expect(ended).rejects.toThrow();
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: 'INFO', message: 'request', code: 'client_gone' }),
    );
  });

  it('tells nobody of a client that took all', async () => {
    const into = new PassThrough();
    const { ended } = run(streaming(chunks('one')), into);
    await into.toArray();
    await ended;
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'request', status: 200 }));
    expect(log.lines.filter((line) => 'code' in line)).toEqual([]);
  });
});
