/**
 * What AWS asks, in USD: list prices of us-east-1, on demand, without the free tier. They are the service's own copy, as of `asOf`: other
 * regions, contracts and later days differ, so check the page named beside each before relying on a figure made of it.
 */

/** Of one worker: `vcpu` processors, `memoryGb` of memory and a public address, for an hour. */
interface FargatePrices {
  readonly vcpuHour: number;
  readonly gbHour: number;
}

const MILLION = 1_000_000;

export const PRICES = {
  asOf: '2026-03',
  region: 'us-east-1',
  /** https://aws.amazon.com/fargate/pricing/: Linux; billed by the second from the pull of the image on, a minute at least; 20 GB of disk included. */
  fargate: {
    arm64: { vcpuHour: 0.03238, gbHour: 0.00356 },
    x86_64: { vcpuHour: 0.04048, gbHour: 0.004445 },
    /** Above 20 GB. */
    diskGbHour: 0.000111,
    /** Spot costs about so much of the price; it changes with what is free. */
    spotShare: 0.3,
  },
  /** https://aws.amazon.com/vpc/pricing/, "Public IPv4 address". */
  publicIpv4Hour: 0.005,
  /** https://aws.amazon.com/lambda/pricing/: arm64. */
  lambda: { gbSecond: 0.0000133334, request: 0.2 / MILLION },
  /** https://aws.amazon.com/api-gateway/pricing/: REST. */
  apiRequest: 3.5 / MILLION,
  /** https://aws.amazon.com/dynamodb/pricing/on-demand/; `backup` is point-in-time recovery. */
  dynamoDb: { writeUnit: 0.625 / MILLION, readUnit: 0.125 / MILLION, gbMonth: 0.25, backupGbMonth: 0.2 },
  /** https://aws.amazon.com/sqs/pricing/: standard queues. */
  sqsRequest: 0.4 / MILLION,
  /** https://aws.amazon.com/s3/pricing/: Standard. */
  s3: { put: 0.005 / 1_000, get: 0.0004 / 1_000, gbMonth: 0.023 },
  /** https://aws.amazon.com/cloudwatch/pricing/ */
  cloudWatch: { logGb: 0.5, logGbMonth: 0.03, metricMonth: 0.3, alarmMetricMonth: 0.1, dashboardMonth: 3 },
  /** https://aws.amazon.com/xray/pricing/ */
  trace: 5 / MILLION,
  /** https://aws.amazon.com/kms/pricing/ */
  kms: { keyMonth: 1, request: 0.03 / 10_000, signature: 0.15 / 10_000 },
  /** https://aws.amazon.com/secrets-manager/pricing/ */
  secret: { month: 0.4, request: 0.05 / 10_000 },
  /** https://aws.amazon.com/eventbridge/pricing/: events of one's own; those of AWS and of schedules cost nothing. */
  customEvent: 1 / MILLION,
  /** https://aws.amazon.com/ec2/pricing/on-demand/, "Data Transfer"; what comes in costs nothing. */
  dataOutGb: 0.09,
} as const;

export type Architecture = 'arm64' | 'x86_64';

export const workerHourUsd = (
  { vcpu, memoryGb }: { readonly vcpu: number; readonly memoryGb: number },
  { vcpuHour, gbHour }: FargatePrices,
): number => vcpu * vcpuHour + memoryGb * gbHour + PRICES.publicIpv4Hour;
