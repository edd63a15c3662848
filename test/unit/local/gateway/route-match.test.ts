import { describe, expect, it } from 'vitest';
import { GatewayRefusal } from '#local/gateway/refusal.ts';
import { routeMatcher } from '#local/gateway/route-match.ts';

const match = routeMatcher();

function problemOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayRefusal) return error.problem;
    throw error;
  }
  return 'none';
}

describe('routeMatcher', () => {
  it.each([
    ['POST', '/jobs', 'submit-job', null],
    ['GET', '/jobs', 'list-jobs', null],
    ['GET', '/jobs/0190-a', 'get-job', { jobId: '0190-a' }],
    ['POST', '/jobs/0190-a/cancel', 'cancel-job', { jobId: '0190-a' }],
    ['GET', '/jobs/0190-a/report', 'export-report', { jobId: '0190-a' }],
  ])('%s %s goes to %s', (method, path, name, pathParameters) => {
    const found = match(method, path);
    expect(found.route.function).toBe(name);
    expect(found.pathParameters).toEqual(pathParameters);
  });

  it('decodes a path parameter once', () => {
    expect(match('GET', '/jobs/a%252Fb%2Fc+d').pathParameters).toEqual({ jobId: 'a%2Fb/c+d' });
  });

  it.each([
    ['DELETE', '/jobs'],
    ['HEAD', '/jobs'],
    ['OPTIONS', '/jobs'],
    ['get', '/jobs'],
    ['GET', '/'],
    ['GET', '/job'],
    ['GET', '/jobs/'],
    ['GET', '//jobs'],
    ['GET', '/jobs/1/report/2'],
    ['GET', '*'],
    ['GET', 'http://127.0.0.1/jobs'],
  ])('%s %s is unknown, which reads like an unsigned request', (method, path) => {
    expect(problemOf(() => match(method, path))).toBe('MISSING_AUTHENTICATION_TOKEN');
  });

  it('refuses a path that is badly encoded', () => {
    expect(problemOf(() => match('GET', '/jobs/%E0%A4%A'))).toBe('DEFAULT_4XX');
  });
});
