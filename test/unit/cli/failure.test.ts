import { describe, expect, it } from 'vitest';
import { ApiError } from '#cli/api-error.ts';
import { InterruptedError } from '#cli/context.ts';
import { tellFailure } from '#cli/failure.ts';
import { BrokenPipeError, createOutput } from '#cli/output.ts';
import { UnavailableError, ValidationError } from '#shared/errors.ts';
import { capturedStream } from '#test/support/captured-stream.ts';

/** What is said, where, and the exit code; `reason` is why the command was aborted, if it was. */
function told(error: unknown, { json = false, reason }: { json?: boolean; reason?: Error } = {}) {
  const [stdout, stderr] = [capturedStream(), capturedStream()];
  const controller = new AbortController();
  if (reason) controller.abort(reason);
  const output = createOutput(stdout, stderr, () => undefined);
  const exitCode = tellFailure({ output, signal: controller.signal }, error, json);
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

const refused = new ApiError({
  status: 400,
  code: 'invalid_request',
  message: 'The request cannot be used.',
  requestId: 'req-1',
  errors: [{ field: 'targets.0', message: 'is "\u202e-x"' }],
});

describe('a failure', () => {
  it('of a request names the fields, and the request for whoever reads the logs', () => {
    expect(told(refused)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'scanfleet: The request cannot be used. (invalid_request)\n  targets.0 is "\\u202e-x"\n  request id req-1\n',
    });
  });

  it('is one JSON document on stderr with --json, which means the same', () => {
    const { stderr, stdout, exitCode } = told(refused, { json: true });
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
    expect(stderr).not.toContain('\u202e');
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'invalid_request',
        message: 'The request cannot be used.',
        retryable: false,
        errors: [{ field: 'targets.0', message: 'is "\u202e-x"' }],
        status: 400,
        requestId: 'req-1',
      },
      exitCode: 2,
    });
  });

  it('of our own input names each option', () => {
    const errors = [
      { field: '--url', message: 'must be https' },
      { field: '--as', message: 'is "eve"; allowed: alice' },
    ];
    expect(told(new ValidationError(errors))).toMatchObject({
      exitCode: 2,
      stderr: 'scanfleet: --url must be https\nscanfleet: --as is "eve"; allowed: alice\n',
    });
  });

  it('of the network is one line', () => {
    expect(told(new UnavailableError('unreachable', 'nothing listens on x'))).toMatchObject({
      exitCode: 6,
      stderr: 'scanfleet: nothing listens on x\n',
    });
  });

  it('of the system is one line', () => {
    const error = Object.assign(new Error('ENOSPC: no space left on device, write'), { syscall: 'write' });
    expect(told(error)).toMatchObject({ exitCode: 1, stderr: 'scanfleet: ENOSPC: no space left on device, write\n' });
  });

  it('that nobody foresaw shows where it happened', () => {
    const { exitCode, stderr } = told(new TypeError('x is not a function'));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/unexpected error.*\nTypeError: x is not a function\n\s+at /);
  });

  it('that is the reader leaving, or the user ending us, is silent', () => {
    expect(told(new BrokenPipeError('closed'))).toEqual({ exitCode: 141, stdout: '', stderr: '' });
    const reason = new InterruptedError('SIGINT', 130);
    expect(told(new Error('aborted'), { reason })).toEqual({ exitCode: 130, stdout: '', stderr: '' });
  });
});
