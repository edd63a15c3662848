/** The figures that alarms and dashboard look at: AWS's own of the resources, and ours, by the names under which shared/observability records them. */
import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { METRIC_NAMESPACE, METRICS, type MetricDimension } from '#shared/names.ts';
import { SCANNER_NAMES } from '#shared/scanner/definition.ts';
import type { Foundation } from '../foundation.ts';
import type { JobApi } from './job-api.ts';
import type { NodeFunction } from './node-function.ts';

/** All figures are of five minutes. */
export const PERIOD = Duration.minutes(5);

export interface ServiceParts extends Foundation {
  readonly api: JobApi;
  readonly followers: Readonly<
    Record<
      'dispatchWorkers' | 'recordStoppedWorker' | 'sweepTasks' | 'buildReport' | 'startFollowUps' | 'signEvidence',
      NodeFunction
    >
  >;
}

type Dimensions = Partial<Record<MetricDimension, string>>;

export function serviceMetrics({ jobs, tasks, api, followers, settings }: ServiceParts) {
  const own = (name: keyof typeof METRICS, dimensions: Dimensions = {}, statistic: string = Stats.SUM): Metric =>
    new Metric({
      namespace: METRIC_NAMESPACE,
      metricName: METRICS[name],
      dimensionsMap: { service: settings.name, ...dimensions },
      statistic,
      period: PERIOD,
      label: [METRICS[name], ...Object.values(dimensions)].join(' '),
    });
  const lambdas = Object.values(followers).map(({ lambda }) => lambda);
  const perSize = (name: 'launchFailures' | 'workersLaunched') =>
    total(name, own(name, { workerSize: 'small' }), own(name, { workerSize: 'large' }));
  return {
    own,
    deadLetters: total('deadLetters', ...tasks.measured('deadLetters')),
    waiting: tasks.measured('waiting'),
    oldestSeconds: highest('oldestSeconds', ...tasks.measured('oldestSeconds')),
    requests: api.measured('requests'),
    serverErrors: api.measured('serverErrors'),
    clientErrors: api.measured('clientErrors'),
    followerErrors: total('followerErrors', ...lambdas.map((lambda) => lambda.metricErrors({ period: PERIOD }))),
    sweeps: followers.sweepTasks.lambda.metricInvocations({ period: PERIOD }),
    throttles: total(
      'throttles',
      ...lambdas.map((lambda) => lambda.metricThrottles({ period: PERIOD })),
      ...jobs.throttles(PERIOD),
    ),
    unsweptJobs: own('errors', { function: 'sweep-tasks' }),
    signingErrors: followers.signEvidence.lambda.metricErrors({ period: PERIOD }),
    launchFailures: perSize('launchFailures'),
    workersLaunched: perSize('workersLaunched'),
    leaseTrouble: total(
      'leaseTrouble',
      own('leasesExpired'),
      ...SCANNER_NAMES.map((scanner) => own('leasesLost', { scanner })),
    ),
    unreadable: own('unreadableMessages'),
    canariesPassed: own('canariesPassed'),
  };
}
export type ServiceMetrics = ReturnType<typeof serviceMetrics>;

/** `name` keeps the figures of several expressions apart in one graph. What was not reported did not happen. */
function combined(
  name: string,
  metrics: readonly IMetric[],
  expression: (filled: readonly string[]) => string,
): IMetric {
  const ids = metrics.map((_, n) => `${name}${n}`);
  const usingMetrics = Object.fromEntries(metrics.map((metric, n) => [`${name}${n}`, metric]));
  const filled = ids.map((id) => `FILL(${id},0)`);
  return new MathExpression({ expression: expression(filled), usingMetrics, period: PERIOD, label: name });
}
const total = (name: string, ...metrics: IMetric[]) => combined(name, metrics, (filled) => filled.join('+'));
const highest = (name: string, ...metrics: IMetric[]) =>
  combined(name, metrics, (filled) => `MAX([${filled.join(',')}])`);
