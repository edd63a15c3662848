import { describe, expect, it } from 'vitest';
import { ValidationError } from '#shared/errors.ts';
import { DEFAULT_LIMITS, LIMIT_NAMES, limitsFromEnv, limitVariable } from '#shared/limits.ts';

describe('the limits', () => {
  it('are the documented defaults where nothing is set', () => {
    expect(limitsFromEnv({})).toEqual({
      leaseSeconds: 60,
      heartbeatSeconds: 15,
      cancelCheckSeconds: 1,
      sweepSeconds: 60,
      maxFailures: 3,
      backoffSeconds: 30,
      deadlineSeconds: 86_400,
      shutdownSeconds: 60,
      workerSlots: 3,
      maxWorkers: 20,
      launchSeconds: 300,
      idleExitSeconds: 60,
      retentionSeconds: 604_800,
      idempotencySeconds: 86_400,
      presignedSeconds: 900,
      ratePerSecond: 10,
      rateBurst: 20,
      quotaJobs: 100,
      windowTasks: 100,
      tasksPerJob: 1_000,
      followUpScans: 100,
      followUpDepth: 3,
      jobBudgetUsd: 10,
      dayBudgetUsd: 50,
      smallWorkerHourUsd: 0.02475,
      largeWorkerHourUsd: 0.084,
      nmapRequestsPerSecond: 1_000,
      nucleiRequestsPerSecond: 150,
      axeRequestsPerSecond: 100,
      gobusterRequestsPerSecond: 150,
    });
  });

  it('have one variable each', () => {
    const variables = LIMIT_NAMES.map(limitVariable);
    expect(new Set(variables).size).toBe(LIMIT_NAMES.length);
    for (const variable of variables) expect(variable).toMatch(/^SCANFLEET_[A-Z_]+$/);
  });

  it('are changed by their variables', () => {
    const limits = limitsFromEnv({
      SCANFLEET_LEASE_SECONDS: '5',
      SCANFLEET_SWEEP_SECONDS: '0.5',
      SCANFLEET_MAX_WORKERS: '0',
    });
    expect(limits).toEqual({ ...DEFAULT_LIMITS, leaseSeconds: 5, sweepSeconds: 0.5, maxWorkers: 0 });
  });

  it('treat an empty variable as unset', () => {
    expect(limitsFromEnv({ SCANFLEET_LEASE_SECONDS: '' }).leaseSeconds).toBe(60);
  });

  it('rate and quota can be off', () => {
    expect(limitsFromEnv({ SCANFLEET_RATE_LIMIT: 'off', SCANFLEET_QUOTA: 'off' })).toMatchObject({
      ratePerSecond: Number.POSITIVE_INFINITY,
      quotaJobs: Number.POSITIVE_INFINITY,
    });
  });

  it.each([
    ['SCANFLEET_LEASE_SECONDS', '1'],
    ['SCANFLEET_LEASE_SECONDS', '3601'],
    ['SCANFLEET_LEASE_SECONDS', 'off'],
    ['SCANFLEET_LEASE_SECONDS', '60s'],
    ['SCANFLEET_LEASE_SECONDS', 'NaN'],
    ['SCANFLEET_LEASE_SECONDS', '-60'],
    ['SCANFLEET_QUOTA', '0'],
    ['SCANFLEET_RATE_LIMIT', 'Infinity'],
  ])('refuse %s=%s', (variable, value) => {
    expect(() => limitsFromEnv({ [variable]: value })).toThrow(ValidationError);
    expect(() => limitsFromEnv({ [variable]: value })).toThrow(`${variable} is "${value}"; allowed: a number from`);
  });

  it('name every bad variable at once', () => {
    expect(() => limitsFromEnv({ SCANFLEET_WINDOW: 'x', SCANFLEET_QUOTA: 'y' })).toThrow(
      'SCANFLEET_QUOTA is "y"; allowed: a number from 1 to 1000000, or off; SCANFLEET_WINDOW is "x"; allowed: a number from 1 to 100000',
    );
  });
});
