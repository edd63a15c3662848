import { beforeEach, describe, expect, it } from 'vitest';
import { logger } from '#shared/observability/logger.ts';
import { record } from '#shared/observability/metrics.ts';
import { captureLog } from '#test/support/log-lines.ts';

let log: ReturnType<typeof captureLog>;
beforeEach(() => {
  log = captureLog();
});

describe('the logger', () => {
  it('writes one line of JSON with level, service and the fields given', () => {
    logger.info('started', { workers: 2 });
    expect(log.raw).toEqual([expect.stringMatching(/^[^\n]*\n$/)]);
    expect(log.lines).toEqual([
      expect.objectContaining({ level: 'INFO', message: 'started', service: 'scanfleet', workers: 2 }),
    ]);
  });

  it('escapes what could rewrite a terminal, and loses none of it', () => {
    const hostile = 'a\u001b[31m\u009b31m\u202etxt.exe\u2028\u{e0041}';
    logger.info('seen', { target: hostile });
    expect(log.raw[0]).not.toMatch(/[\p{Cc}\p{Cf}\u2028](?!$)/u);
    expect(log.lines[0]?.target).toBe(hostile);
  });

  it('keeps the causes of an error', () => {
    logger.error('failed', { error: new Error('outer', { cause: new Error('inner') }) });
    expect(log.lines[0]).toMatchObject({ error: { message: 'outer', cause: { message: 'inner' } } });
  });
});

describe('record', () => {
  it('writes amounts in the Embedded Metric Format, milliseconds by their name', () => {
    record({ requests: 1, requestMs: 12.5 }, { function: 'get-job' });
    expect(log.lines[0]).toMatchObject({
      _aws: {
        CloudWatchMetrics: [
          {
            Namespace: 'scanfleet',
            Dimensions: [['service', 'function']],
            Metrics: [
              { Name: 'Requests', Unit: 'Count' },
              { Name: 'RequestDuration', Unit: 'Milliseconds' },
            ],
          },
        ],
      },
      function: 'get-job',
      Requests: 1,
      RequestDuration: 12.5,
    });
  });

  it('keeps nothing from one call to the next', () => {
    record({ requests: 1 }, { function: 'get-job' });
    record({ errors: 1 });
    expect(log.lines[1]).not.toHaveProperty('Requests');
    expect(log.lines[1]).not.toHaveProperty('function');
  });
});
