/**
 * Every default of the service and the environment variable that changes it: one row each, and nowhere else.
 * docs/operations.md explains when to change which. Amounts carry their unit in the name.
 */
import { ValidationError } from './errors.ts';

interface Limit {
  readonly env: string;
  readonly byDefault: number;
  readonly min: number;
  readonly max: number;
  /** Whether the word `off` lifts the limit (it then reads as Infinity). */
  readonly canBeOff?: true;
}

const DAY_SECONDS = 86_400;
/** More than any scanner sends. */
export const MAX_REQUESTS_PER_SECOND = 100_000;

// biome-ignore format: a table reads by column
const TABLE = {
  /** How long a worker may keep a task without renewing. */
  leaseSeconds:        { env: 'SCANFLEET_LEASE_SECONDS',        byDefault: 60,          min: 2,    max: 3_600 },
  heartbeatSeconds:    { env: 'SCANFLEET_HEARTBEAT_SECONDS',    byDefault: 15,          min: 0.5,  max: 900 },
  cancelCheckSeconds:  { env: 'SCANFLEET_CANCEL_CHECK_SECONDS', byDefault: 1,           min: 0.1,  max: 60 },
  /** How often an open job is looked at by sweep-tasks. EventBridge schedules no finer than a minute. */
  sweepSeconds:        { env: 'SCANFLEET_SWEEP_SECONDS',        byDefault: 60,          min: 0.5,  max: 3_600 },
  maxFailures:         { env: 'SCANFLEET_MAX_FAILURES',         byDefault: 3,           min: 1,    max: 100 },
  /** First back-off after a failure; doubles with each, full jitter. */
  backoffSeconds:      { env: 'SCANFLEET_BACKOFF_SECONDS',      byDefault: 30,          min: 0,    max: 3_600 },
  deadlineSeconds:     { env: 'SCANFLEET_DEADLINE_SECONDS',     byDefault: DAY_SECONDS, min: 1,    max: DAY_SECONDS },
  shutdownSeconds:     { env: 'SCANFLEET_SHUTDOWN_SECONDS',     byDefault: 60,          min: 1,    max: 110 },
  workerSlots:         { env: 'SCANFLEET_WORKER_SLOTS',         byDefault: 3,           min: 1,    max: 64 },
  maxWorkers:          { env: 'SCANFLEET_MAX_WORKERS',          byDefault: 20,          min: 0,    max: 5_000 },
  /** How long a worker may take to start before it is replaced. */
  launchSeconds:       { env: 'SCANFLEET_LAUNCH_SECONDS',       byDefault: 300,         min: 1,    max: 3_600 },
  idleExitSeconds:     { env: 'SCANFLEET_IDLE_EXIT_SECONDS',    byDefault: 60,          min: 1,    max: 86_400 },
  retentionSeconds:    { env: 'SCANFLEET_RETENTION_SECONDS',    byDefault: 7 * DAY_SECONDS, min: 60, max: 365 * DAY_SECONDS },
  /** How long an idempotency key is remembered. */
  idempotencySeconds:  { env: 'SCANFLEET_IDEMPOTENCY_SECONDS',  byDefault: DAY_SECONDS, min: 1,    max: 7 * DAY_SECONDS },
  presignedSeconds:    { env: 'SCANFLEET_PRESIGNED_SECONDS',    byDefault: 900,         min: 1,    max: 3_600 },
  /** Requests a second for each principal (token bucket), and how many may come at once. */
  ratePerSecond:       { env: 'SCANFLEET_RATE_LIMIT',           byDefault: 10,          min: 0.1,  max: 100_000, canBeOff: true },
  rateBurst:           { env: 'SCANFLEET_RATE_BURST',           byDefault: 20,          min: 1,    max: 100_000 },
  /** Active jobs a tenant may have. */
  quotaJobs:           { env: 'SCANFLEET_QUOTA',                byDefault: 100,         min: 1,    max: 1_000_000, canBeOff: true },
  /** Released and not ended tasks a tenant may have. */
  windowTasks:         { env: 'SCANFLEET_WINDOW',               byDefault: 100,         min: 1,    max: 100_000 },
  /** What a job may spend in all, and a tenant in a day (UTC), before nothing more of theirs begins. */
  jobBudgetUsd:        { env: 'SCANFLEET_JOB_BUDGET_USD',       byDefault: 10,          min: 1e-9, max: 1_000_000, canBeOff: true },
  dayBudgetUsd:        { env: 'SCANFLEET_DAY_BUDGET_USD',       byDefault: 50,          min: 1e-9, max: 1_000_000, canBeOff: true },
  /** What an hour of a worker costs: arm64, on demand, with its public address (shared/cost/prices.ts). */
  smallWorkerHourUsd:  { env: 'SCANFLEET_SMALL_WORKER_HOUR_USD', byDefault: 0.02475,    min: 0,    max: 1_000 },
  largeWorkerHourUsd:  { env: 'SCANFLEET_LARGE_WORKER_HOUR_USD', byDefault: 0.084,      min: 0,    max: 1_000 },
  tasksPerJob:         { env: 'SCANFLEET_TASKS_PER_JOB',        byDefault: 1_000,       min: 1,    max: 1_000 },
  /** Scans that may follow from one first job, and how many jobs in a row after it. */
  followUpScans:       { env: 'SCANFLEET_FOLLOW_UP_SCANS',      byDefault: 100,         min: 1,    max: 1_000 },
  followUpDepth:       { env: 'SCANFLEET_FOLLOW_UP_DEPTH',      byDefault: 3,           min: 1,    max: 10 },
  /** What a scanner may ask of its targets in a second, in one task; one row a scanner. Of nmap: probes. */
  nmapRequestsPerSecond: { env: 'SCANFLEET_NMAP_REQUESTS_PER_SECOND', byDefault: 1_000, min: 1,  max: MAX_REQUESTS_PER_SECOND },
  /** nuclei's own default (its manual, -rate-limit). */
  nucleiRequestsPerSecond: { env: 'SCANFLEET_NUCLEI_REQUESTS_PER_SECOND', byDefault: 150, min: 1, max: MAX_REQUESTS_PER_SECOND },
  axeRequestsPerSecond: { env: 'SCANFLEET_AXE_REQUESTS_PER_SECOND', byDefault: 100,     min: 1,    max: MAX_REQUESTS_PER_SECOND },
  gobusterRequestsPerSecond: { env: 'SCANFLEET_GOBUSTER_REQUESTS_PER_SECOND', byDefault: 150, min: 1, max: MAX_REQUESTS_PER_SECOND },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof TABLE;
/** The limits that cap a scanner's requests a second. */
export type RateLimitName = Extract<LimitName, `${string}RequestsPerSecond`>;
export type Limits = { readonly [name in LimitName]: number };

/** Bounds that belong to the wire or to AWS; not settable. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** Of an upload: as much as a worker takes of a scanner's output. */
export const MAX_UPLOAD_BYTES = 1024 ** 3;
export const MAX_ADDRESSES_PER_JOB = 65_536;
/** Addresses a task may hold: 65,536 addresses fit into 1,000 tasks, and a task's host locks into one transaction of 100 items. */
export const MAX_ADDRESSES_PER_TASK = 66;

export const LIMIT_NAMES = Object.keys(TABLE) as LimitName[];
export const limitVariable = (name: LimitName): string => TABLE[name].env;

export const DEFAULT_LIMITS: Limits = Object.fromEntries(
  LIMIT_NAMES.map((name) => [name, TABLE[name].byDefault]),
) as Limits;

/** The limits in force: defaults, changed by `SCANFLEET_…` variables. Throws ValidationError naming each variable that cannot be used. */
export function limitsFromEnv(env: Readonly<Record<string, string | undefined>>): Limits {
  const errors: { field: string; message: string }[] = [];
  const entries = LIMIT_NAMES.map((name) => {
    const limit: Limit = TABLE[name];
    const text = env[limit.env];
    if (text === undefined || text === '') return [name, limit.byDefault];
    if (limit.canBeOff && text === 'off') return [name, Number.POSITIVE_INFINITY];
    const value = Number(text);
    if (!(value >= limit.min && value <= limit.max)) {
      const off = limit.canBeOff ? ', or off' : '';
      errors.push({
        field: limit.env,
        message: `is ${JSON.stringify(text)}; allowed: a number from ${limit.min} to ${limit.max}${off}`,
      });
    }
    return [name, value];
  });
  if (errors.length > 0) throw new ValidationError(errors);
  return Object.fromEntries(entries) as Limits;
}
