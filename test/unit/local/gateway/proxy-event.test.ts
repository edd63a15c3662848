import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { proxyEvent } from '#local/gateway/proxy-event.ts';
import { routeMatcher } from '#local/gateway/route-match.ts';

const principal = {
  accessKeyId: 'LOCAL1',
  account: '000000000000',
  userArn: 'arn:aws:sts::000000000000:assumed-role/acme-security/local',
};

function eventOf(method: string, url: string, rawHeaders: string[] = [], body = Buffer.alloc(0)) {
  const headers = { 'user-agent': 'curl/8' };
  const message = { url, rawHeaders, headers, httpVersion: '1.1', socket: { remoteAddress: '127.0.0.1' } };
  return proxyEvent({
    message: message as unknown as IncomingMessage,
    match: routeMatcher()(method, url.split('?')[0] as string),
    principal,
    body,
    requestId: 'r-1',
    receivedAt: new Date('2026-11-05T04:03:02.001Z'),
  });
}

describe('proxyEvent', () => {
  it('says who signed, when, and which route it is', () => {
    const { requestContext, resource, httpMethod } = eventOf('GET', '/jobs/j-1');
    expect({ resource, httpMethod }).toEqual({ resource: '/jobs/{jobId}', httpMethod: 'GET' });
    expect(requestContext.identity.userArn).toBe('arn:aws:sts::000000000000:assumed-role/acme-security/local');
    expect(requestContext).toMatchObject({
      accountId: '000000000000',
      requestId: 'r-1',
      requestTime: '05/Nov/2026:04:03:02 +0000',
      requestTimeEpoch: 1_793_851_382_001,
      resourcePath: '/jobs/{jobId}',
    });
  });

  it('leaves the path as it was sent and decodes its parameters', () => {
    const event = eventOf('GET', '/jobs/j%2D1');
    expect(event.path).toBe('/jobs/j%2D1');
    expect(event.pathParameters).toEqual({ jobId: 'j-1' });
  });

  it('has no maps where there is nothing', () => {
    expect(eventOf('GET', '/jobs')).toMatchObject({
      pathParameters: null,
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      body: null,
      isBase64Encoded: false,
    });
  });

  it('decodes the query and keeps all values of a repeated parameter', () => {
    const event = eventOf('GET', '/jobs?target=a%2Fb&limit=1&target=%C3%A4&__proto__=x&flag');
    expect(event.queryStringParameters).toEqual(JSON.parse('{"target":"ä","limit":"1","__proto__":"x","flag":""}'));
    expect(event.multiValueQueryStringParameters?.target).toEqual(['a/b', 'ä']);
  });

  it('keeps the spelling and all values of headers', () => {
    const event = eventOf('GET', '/jobs', ['X-Trace', '1', 'Accept', 'a', 'X-Trace', '2']);
    expect(event.headers).toEqual({ 'X-Trace': '2', Accept: 'a' });
    expect(event.multiValueHeaders).toEqual({ 'X-Trace': ['1', '2'], Accept: ['a'] });
  });

  it('passes text on as text and other bytes as base64', () => {
    const text = eventOf('POST', '/jobs', [], Buffer.from('{"name":"ä"}'));
    expect(text).toMatchObject({ body: '{"name":"ä"}', isBase64Encoded: false });
    const bytes = eventOf('POST', '/jobs', [], Buffer.from([0xff, 0x00]));
    expect(bytes).toMatchObject({ body: '/wA=', isBase64Encoded: true });
  });
});
