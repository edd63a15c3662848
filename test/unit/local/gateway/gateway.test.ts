import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { afterEach, describe, expect, it } from 'vitest';
import { installAwsLambda } from '#local/gateway/awslambda.ts';
import { type Gateway, type GatewayDeps, startGateway } from '#local/gateway/gateway.ts';
import type { FunctionHandler } from '#local/gateway/invocation.ts';
import type { ResponseStream } from '#local/gateway/response-stream.ts';

installAwsLambda();
declare const awslambda: {
  streamifyResponse(handler: (event: unknown, stream: ResponseStream) => Promise<void>): FunctionHandler;
  HttpResponseStream: { from(stream: ResponseStream, prelude: object): ResponseStream };
};

let gateway: Gateway;
const faults: unknown[] = [];

async function serve(functions: Record<string, FunctionHandler>, deps: Partial<GatewayDeps> = {}, bufferedMs = 5_000) {
  gateway = await startGateway(
    {
      functions: new Map(Object.entries(functions)),
      authenticate: () => ({ accessKeyId: 'A', account: '000000000000', userArn: 'arn' }),
      now: () => new Date('2026-11-21T00:00:00Z'),
      onFault: ({ error }) => faults.push(error),
      ...deps,
    },
    { host: '127.0.0.1', port: 0, timeouts: { bufferedMs, streamingMs: 5_000 } },
  );
}
const ask = (path: string, init: RequestInit = {}) =>
  fetch(gateway.endpoint + path, { ...init, headers: { authorization: 'signed', ...init.headers } });

afterEach(async () => {
  await gateway.close(0);
  faults.length = 0;
});

/** Sends `text` as it is and returns all that comes back until the server closes. */
async function raw(text: string): Promise<string> {
  const socket = connect(Number(new URL(gateway.endpoint).port), '127.0.0.1');
  socket.write(text);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => undefined);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

describe('a buffered answer', () => {
  it('is what the function returned, with the request id the function saw', async () => {
    let seen = '';
    await serve({
      'list-jobs': async (_event: unknown, context: Context) => {
        seen = context.awsRequestId;
        return { statusCode: 207, headers: { 'content-type': 'text/plain' }, body: 'ok' };
      },
    });
    const answer = await ask('/jobs');
    expect(answer.status).toBe(207);
    expect(answer.headers.get('content-type')).toBe('text/plain');
    expect(answer.headers.get('x-amzn-requestid')).toBe(seen);
    expect(await answer.text()).toBe('ok');
  });

  it('is a 502 when the function throws, which nobody but the log learns more of', async () => {
    await serve({
      'list-jobs': async () => {
        throw new Error('secret');
      },
    });
    const answer = await ask('/jobs');
    const text = await answer.text();
    expect(answer.status).toBe(502);
    expect(JSON.parse(text)).toMatchObject({ code: 'integration_failure', status: 502 });
    expect(text).not.toContain('secret');
    expect(faults).toEqual([new Error('secret')]);
  });

  it('is a 504 when the function takes too long', async () => {
    await serve({ 'list-jobs': () => new Promise(() => undefined) }, {}, 20);
    const answer = await ask('/jobs');
    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({ code: 'integration_timeout' });
  });

  it('is a 502 when its headers could split the answer', async () => {
    await serve({ 'list-jobs': async () => ({ statusCode: 200, headers: { a: 'b\r\nc: d' } }) });
    expect((await ask('/jobs')).status).toBe(502);
  });
});

describe('what is refused before a function runs', () => {
  const unreachable = { 'submit-job': () => Promise.reject(new Error('a function ran')) };

  it.each([
    ['an Origin', 'POST /jobs', 'Origin: http://evil.example\r\nHost: HOST', 403, 'access_denied'],
    ['its own Origin', 'POST /jobs', 'Origin: http://HOST\r\nHost: HOST', 403, 'access_denied'],
    ['a null Origin', 'POST /jobs', 'Origin: null\r\nHost: HOST', 403, 'access_denied'],
    ['a foreign Host', 'POST /jobs', 'Host: rebound.example', 403, 'access_denied'],
    ['a Host without port', 'POST /jobs', 'Host: 127.0.0.1', 403, 'access_denied'],
    ['a preflight', 'OPTIONS /jobs', 'Origin: http://evil.example\r\nHost: HOST', 403, 'access_denied'],
    ['OPTIONS', 'OPTIONS /jobs', 'Host: HOST', 403, 'missing_authentication'],
    ['an unknown path', 'POST /nothing', 'Host: HOST', 403, 'missing_authentication'],
    ['no Authorization', 'POST /jobs', 'Host: HOST\r\nNo: x', 403, 'missing_authentication'],
    ['a body of 1 MB and a byte', 'POST /jobs', 'Host: HOST\r\nContent-Length: 1048577', 413, 'request_too_large'],
    [
      'the same, asked first',
      'POST /jobs',
      'Host: HOST\r\nExpect: 100-continue\r\nContent-Length: 1048577',
      413,
      'request_too_large',
    ],
  ])('%s', async (_name, line, headers, status, code) => {
    await serve(unreachable);
    const authorization = headers.includes('No: x') ? '' : 'Authorization: signed\r\n';
    const host = new URL(gateway.endpoint).host;
    const answer = await raw(
      `${line} HTTP/1.1\r\n${authorization}${headers.replaceAll('HOST', host)}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain(`"code":"${code}"`);
    expect(answer).toContain('application/problem+json');
    expect(answer).toMatch(/x-content-type-options: nosniff/i);
    expect(answer).not.toMatch(/access-control-/i);
    expect(answer).not.toContain('100 Continue');
    expect(faults).toEqual([]);
  });

  it('a body that grows past 1 MB without having said so', async () => {
    await serve(unreachable);
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const answer = await raw(
      `POST /jobs HTTP/1.1\r\nHost: ${new URL(gateway.endpoint).host}\r\nAuthorization: signed\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(17)}`,
    );
    expect(answer).toContain('HTTP/1.1 413 ');
  });

  it('what is not HTTP', async () => {
    await serve(unreachable);
    expect(await raw('HELO there\r\n\r\n')).toContain('"code":"bad_request"');
  });

  it('a head of more than 16 KB', async () => {
    await serve(unreachable);
    expect(await raw(`POST /jobs HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`)).toContain('HTTP/1.1 400 ');
  });
});

describe('a streamed answer', () => {
  const streaming = (run: (stream: ResponseStream) => Promise<void>) => ({
    'export-report': awslambda.streamifyResponse(async (_event, stream) => run(stream)),
  });

  it('starts with the prelude and ends when the function ends it', async () => {
    await serve(
      streaming(async (stream) => {
        const to = awslambda.HttpResponseStream.from(stream, { statusCode: 203, headers: { 'X-Count': '2' } });
        to.write('one ');
        to.end('two');
      }),
    );
    const answer = await ask('/jobs/j/report');
    expect(answer.status).toBe(203);
    expect(answer.headers.get('x-count')).toBe('2');
    expect(await answer.text()).toBe('one two');
  });

  it('is a 502 when the function fails before its first write', async () => {
    await serve(streaming(() => Promise.reject(new Error('no'))));
    expect((await ask('/jobs/j/report')).status).toBe(502);
  });

  it('breaks when the function fails after its first write', async () => {
    await serve(
      streaming(async (stream) => {
        stream.write('one');
        throw new Error('broken S3');
      }),
    );
    const answer = await ask('/jobs/j/report');
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
    expect(faults).toEqual([new Error('broken S3')]);
  });

  it('breaks when the function returns without ending it', async () => {
    await serve(
      streaming(async (stream) => {
        stream.write('one');
      }),
    );
    await expect((await ask('/jobs/j/report')).text()).rejects.toThrow();
  });

  it('is written no faster than the client reads', async () => {
    let written = 0;
    await serve(
      streaming(async (stream) => {
        const chunk = Buffer.alloc(64 * 1024);
        for (let at = 0; at < 1_600; at += 1) {
          written += chunk.byteLength;
          if (!stream.write(chunk)) await once(stream, 'drain');
        }
        stream.end();
      }),
    );
    const answer = await ask('/jobs/j/report');
    let before = -1;
    for (let still = 0; still < 200; still = written === before ? still + 1 : 0) {
      before = written;
      await turn();
    }
    expect(written).toBeLessThan(50 * 1024 * 1024);
    expect((await answer.arrayBuffer()).byteLength).toBe(1_600 * 64 * 1024);
  });

  it('fails for the function when the client goes away', async () => {
    const ended = Promise.withResolvers<unknown>();
    await serve(
      streaming(async (stream) => {
        stream.write('one');
        await once(stream, 'never').catch(ended.resolve);
        throw new Error('unheard');
      }),
    );
    const client = new AbortController();
    const answer = await ask('/jobs/j/report', { signal: client.signal });
    expect(answer.status).toBe(200);
    client.abort();
    expect(await ended.promise).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });
});

it('says which port is in use', async () => {
  await serve({});
  const port = Number(new URL(gateway.endpoint).port);
  const deps = {
    functions: new Map(),
    authenticate: () => Promise.reject() as never,
    now: () => new Date(),
    onFault: () => undefined,
  };
  await expect(startGateway(deps, { host: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'port_in_use',
    message: `port ${port} on 127.0.0.1 is in use; give another with --port`,
  });
});
