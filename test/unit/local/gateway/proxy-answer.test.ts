import { describe, expect, it } from 'vitest';
import { proxyAnswer } from '#local/gateway/proxy-answer.ts';
import { GatewayRefusal } from '#local/gateway/refusal.ts';

describe('proxyAnswer', () => {
  it('takes status, headers and text', () => {
    const answer = proxyAnswer({ statusCode: 201, headers: { 'X-Count': 3 }, body: '{"ä":1}' }, 'r-1');
    expect(answer.status).toBe(201);
    expect(answer.body.toString()).toBe('{"ä":1}');
    expect(answer.headers).toMatchObject({ 'X-Count': '3', 'Content-Length': 8, 'x-amzn-RequestId': 'r-1' });
  });

  it('calls a body JSON where the function does not say', () => {
    expect(proxyAnswer({ statusCode: 200, body: '{}' }, 'r').headers['Content-Type']).toBe('application/json');
  });

  it('decodes a base64 body to its bytes', () => {
    expect([...proxyAnswer({ statusCode: 200, body: '/wA=', isBase64Encoded: true }, 'r').body]).toEqual([255, 0]);
  });

  it('keeps each value of a header that is given several times', () => {
    const { headers } = proxyAnswer({ statusCode: 200, multiValueHeaders: { Link: ['<a>', '<b>'] } }, 'r');
    expect(headers.Link).toEqual(['<a>', '<b>']);
  });

  it.each([
    [undefined],
    ['{"statusCode":200}'],
    [{}],
    [{ statusCode: 'ok' }],
    [{ statusCode: 42 }],
    [{ statusCode: 200, body: { not: 'text' } }],
    [{ statusCode: 200, headers: { nested: {} } }],
  ])('%j is a failure of the function', (result) => {
    expect(() => proxyAnswer(result, 'r')).toThrow(GatewayRefusal);
  });
});
