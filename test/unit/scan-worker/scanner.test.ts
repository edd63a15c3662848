import { describe, expect, it } from 'vitest';
import { requestsPerSecond } from '#containers/scan-worker/scanner.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';

describe('the requests a second of a run', () => {
  const capped = { ...DEFAULT_LIMITS, nmapRequestsPerSecond: 500 };

  it.each([
    ['are what the deployment allows', {}, 500],
    ['are lowered by the option', { requestsPerSecond: 20 }, 20],
    ['are never raised by it', { requestsPerSecond: 501 }, 500],
  ])('%s', (_, options, expected) =>
    expect(requestsPerSecond({ rateLimit: 'nmapRequestsPerSecond' }, options, capped)).toBe(expected),
  );
});
