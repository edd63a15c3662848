import { describe, expect, it } from 'vitest';
import { ApiError } from '#cli/api-error.ts';
import { failureResult } from '#cli/mcp/failure.ts';
import { CorruptError, UnavailableError, ValidationError } from '#shared/errors.ts';
import { refusal } from '#test/support/mcp-client.ts';

const told = (error: unknown): string[] => refusal(failureResult(error)).split('\n');
const apiError = (status: number, code: string, more = {}) =>
  new ApiError({ status, code, message: 'refused', ...more });

describe('a failure as a tool result', () => {
  it('names the fields that are to blame in the words of MCP', () => {
    const errors = [
      { field: 'targets[0]', message: 'is "x y"; allowed: a host name' },
      { field: 'profile', message: 'must be brief or full' },
    ];
    expect(told(apiError(400, 'invalid_request', { errors }))).toEqual([
      'refused (invalid_request)',
      '- targets[0]: is "x y"; allowed: a host name',
      '- schema_profile: must be brief or full',
      'Next: correct what is named here and call again.',
    ]);
  });

  it('says the fields of a ValidationError once', () => {
    expect(told(new ValidationError([{ field: 'limit', message: 'is required' }]))).toEqual([
      'The request cannot be used (invalid_request)',
      '- limit: is required',
      'Next: correct what is named here and call again.',
    ]);
  });

  it.each([
    ['an unknown id', apiError(404, 'job_not_found'), 'list_tasks'],
    ['a scan that has not ended', apiError(409, 'job_not_finished'), 'call get_scan_status until'],
    ['a cancel of one that has', apiError(409, 'job_state'), 'get_scan_results'],
    ['a denied target', apiError(403, 'target_denied'), 'leave the targets named here out'],
    ['a key used before', apiError(409, 'idempotency_key_reused'), 'choose a new key'],
    ['a full quota', apiError(429, 'quota_exceeded'), 'cancel one'],
    ['a service that is told when to ask again', apiError(429, 'rate_limited', { retryAfterSeconds: 7 }), 'wait 7 s'],
    ['missing rights', apiError(403, 'access_denied'), 'ask the user'],
    ['a fault that passes', apiError(503, 'database_unavailable'), 'call again in a moment'],
    ['a service that is down', new UnavailableError('unreachable', 'nothing listens'), 'start the service'],
    ['no credentials', new UnavailableError('no_credentials', 'none'), 'log in'],
    ['an answer nobody understands', new CorruptError('unexpected_answer', 'x'), 'will not help'],
    ['a fault of this program', new TypeError('x is not a function'), 'will not help'],
    ['a code that is a word of every object', new UnavailableError('constructor', 'x'), 'call again in a moment'],
  ])('of %s says what to do next', (_, error, next) => {
    expect(told(error).at(-1)).toMatch(/^Next: .+\.$/);
    expect(told(error).at(-1)).toContain(next);
  });

  it('names the first twenty of many fields', () => {
    const errors = Array.from({ length: 1_000 }, (_, i) => ({ field: `targets[${i}]`, message: 'is denied' }));
    const lines = told(apiError(403, 'target_denied', { errors }));
    expect(lines.slice(19, 22)).toEqual(['- targets[18]: is denied', '- targets[19]: is denied', '- and 980 more']);
    expect(lines).toHaveLength(23);
  });

  it('is made harmless', () => {
    const errors = [{ field: 'targets[0]', message: 'is "\u001b[2J\u202e"' }];
    expect(told(apiError(400, 'invalid_request', { errors }))).toContain('- targets[0]: is "\\x1b[2J\\u202e"');
  });
});
