/**
 * What a task asks of AWS beside its worker's time. Measured, not guessed: `node test/bench/drain.ts --window 100` prints the calls and
 * units of a task, docs/operations.md ("What a task costs") explains them.
 */
import { PRICES } from './prices.ts';

/** From its claim to the end of its job, of one host, with its share of the polls and of what is done once a job. */
export const PER_TASK = {
  /** Capacity units, as the embedded DynamoDB counts them, host locks included. */
  writeUnits: 11,
  readUnits: 3,
  sqsRequests: 2,
  /** Findings, raw output, coverage, evidence. */
  s3Puts: 4,
  /** Of the worker's log. */
  logBytes: 3_000,
} as const;

/** While it runs, each second: the look at its job, and a 15th of a heartbeat on a task of up to 2 KB. */
export const PER_SECOND = { readUnits: 0.5, writeUnits: 2 / 15 } as const;

const { dynamoDb, s3, cloudWatch } = PRICES;
const GIGABYTE = 1e9;
const MONTH_SECONDS = 30 * 86_400;

export const TASK_REQUESTS_USD =
  PER_TASK.writeUnits * dynamoDb.writeUnit +
  PER_TASK.readUnits * dynamoDb.readUnit +
  PER_TASK.sqsRequests * PRICES.sqsRequest +
  PER_TASK.s3Puts * s3.put +
  (PER_TASK.logBytes / GIGABYTE) * cloudWatch.logGb;

export const SECOND_REQUESTS_USD =
  PER_SECOND.readUnits * dynamoDb.readUnit + PER_SECOND.writeUnits * dynamoDb.writeUnit;

/** Of results that lie in the bucket for so long. */
export const storageUsd = (bytes: number, seconds: number): number =>
  (bytes / GIGABYTE) * (seconds / MONTH_SECONDS) * s3.gbMonth;

/** Of a job itself, followed by somebody: submit, a few looks, a report. A Lambda of 1 GB answers each in about 0.1 s. */
const PER_JOB = { apiRequests: 10, lambdaGbSeconds: 1, writeUnits: 30, readUnits: 30, events: 2 } as const;

export const JOB_REQUESTS_USD =
  PER_JOB.apiRequests * (PRICES.apiRequest + PRICES.lambda.request) +
  PER_JOB.lambdaGbSeconds * PRICES.lambda.gbSecond +
  PER_JOB.writeUnits * dynamoDb.writeUnit +
  PER_JOB.readUnits * dynamoDb.readUnit +
  PER_JOB.events * PRICES.customEvent;
