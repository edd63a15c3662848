import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, vi } from 'vitest';
import { isPassing, persist } from '#shared/aws/job-store/persist.ts';
import { UnavailableError } from '#shared/errors.ts';

const named = (name: string, more: object = {}) => Object.assign(new Error(name), { name }, more);
const cancelled = (...codes: string[]) =>
  new TransactionCanceledException({
    message: 'cancelled',
    $metadata: { httpStatusCode: 400 },
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

describe('isPassing', () => {
  it.each([
    ['throttling', named('ThrottlingException')],
    ['exhausted throughput', named('ProvisionedThroughputExceededException')],
    ['a conflict with a transaction', named('TransactionConflictException')],
    ['an earlier try still under way', named('TransactionInProgressException')],
    ['a 500', named('Whatever', { $metadata: { httpStatusCode: 500 } })],
    ['a time-out', named('TimeoutError')],
    ['a broken connection', Object.assign(new Error('reset'), { code: 'ECONNRESET' })],
    ['a transaction cancelled by a conflict', cancelled('None', 'TransactionConflict')],
    ['a transaction cancelled by throttling', cancelled('ThrottlingError', 'None')],
  ])('%s is asked again', (_what, error) => {
    expect(isPassing(error)).toBe(true);
  });

  it.each([
    ['a failed condition', new ConditionalCheckFailedException({ message: 'no', $metadata: { httpStatusCode: 400 } })],
    [
      'a transaction with a failed condition beside a conflict',
      cancelled('TransactionConflict', 'ConditionalCheckFailed'),
    ],
    ['a transaction that makes no sense', cancelled('ValidationError')],
    ['a call that makes no sense', named('ValidationException', { $metadata: { httpStatusCode: 400 } })],
    ['a fault of our own', new TypeError('undefined is not a function')],
    ['no error at all', 'text'],
  ])('%s is an answer', (_what, error) => {
    expect(isPassing(error)).toBe(false);
  });
});

describe('persist', () => {
  it('calls until it is answered', async () => {
    let calls = 0;
    const answer = await persist(
      () => 0,
      async () => {
        calls += 1;
        if (calls < 10) throw named('ThrottlingException');
        return calls;
      },
    );
    expect(answer).toBe(10);
  });

  it('gives up after ten tries, naming the last fault', async () => {
    let calls = 0;
    const fault = named('ThrottlingException');
    const persisting = persist(
      () => 0,
      async () => {
        calls += 1;
        throw fault;
      },
    );
    await expect(persisting).rejects.toMatchObject({ code: 'database_unavailable', cause: fault, retryable: true });
    await expect(persisting).rejects.toBeInstanceOf(UnavailableError);
    expect(calls).toBe(10);
  });

  it('gives up after 15 s of silence, however few the tries', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    let calls = 0;
    const persisting = persist(
      () => 0,
      async () => {
        calls += 1;
        vi.advanceTimersByTime(6_000);
        throw named('TimeoutError');
      },
    ).finally(() => vi.useRealTimers());
    await expect(persisting).rejects.toMatchObject({ code: 'database_unavailable' });
    expect(calls).toBe(3);
  });

  it('does not repeat what was answered', async () => {
    let calls = 0;
    const fault = named('ValidationException');
    const persisting = persist(
      () => 0,
      async () => {
        calls += 1;
        throw fault;
      },
    );
    await expect(persisting).rejects.toBe(fault);
    expect(calls).toBe(1);
  });
});
