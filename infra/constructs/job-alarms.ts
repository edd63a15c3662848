/** What somebody has to look at. Each alarm has its entry in docs/operations.md, which its description names. */
import { Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { PERIOD, type ServiceMetrics } from './service-metrics.ts';

interface Watch {
  readonly says: string;
  readonly metric: IMetric;
  /** It goes off outside of this. No figure at all is less than anything that was wanted. */
  readonly above?: number;
  readonly below?: number;
  /** Of five minutes, in a row. */
  readonly periods: number;
}

/** As its heading in docs/operations.md. */
export type AlarmName =
  | 'dead-letter-queue'
  | 'unreadable-messages'
  | 'oldest-message'
  | 'stuck-jobs'
  | 'sweeper-silent'
  | 'error-rate'
  | 'slow-submits'
  | 'background-errors'
  | 'unsigned-evidence'
  | 'launch-failures'
  | 'throttles'
  | 'lease-contention'
  | 'canary';

/** A visible message is received five times, 30 s apart, and the sweeper comes every minute: what lies longer is not being worked on. */
const STALE_SECONDS = 900;
const SLOW_MS = 2_000;
const MAX_ERROR_PERCENT = 1;
/** One failure in a handful of requests is no rate. */
const FEW_REQUESTS = 50;

/** The canary's alarm only where there is one: its silence means something. */
function watches(metrics: ServiceMetrics, hasCanary: boolean): Partial<Record<AlarmName, Watch>> {
  const { requests, serverErrors } = metrics;
  const errorPercent = new MathExpression({
    expression: `IF(requests > ${FEW_REQUESTS}, 100 * errors / requests, 0)`,
    usingMetrics: { requests, errors: serverErrors },
    period: PERIOD,
  });
  const submitMs = metrics.own('requestMs', { function: 'submit-job' }, 'p99');
  // biome-ignore format: a table reads by column
  return {
    'dead-letter-queue':   { says: 'messages lie in a dead-letter queue, and nobody records them', metric: metrics.deadLetters,    above: 0,                 periods: 2 },
    'unreadable-messages': { says: 'messages came that no worker can read',                        metric: metrics.unreadable,     above: 0,                 periods: 1 },
    'oldest-message':      { says: 'a task has waited a quarter of an hour for a worker',          metric: metrics.oldestSeconds,  above: STALE_SECONDS,     periods: 2 },
    'stuck-jobs':          { says: 'jobs could not be swept, run after run',                       metric: metrics.unsweptJobs,    above: 0,                 periods: 3 },
    'sweeper-silent':      { says: 'sweep-tasks has not run for ten minutes',                      metric: metrics.sweeps,         below: 1,                 periods: 2 },
    'error-rate':          { says: 'more than 1 % of all requests fail through no fault of the caller', metric: errorPercent,      above: MAX_ERROR_PERCENT, periods: 2 },
    'slow-submits':        { says: 'one submit in a hundred takes longer than 2 s',                metric: submitMs,               above: SLOW_MS,           periods: 3 },
    'background-errors':   { says: 'functions that follow events and the clock fail',              metric: metrics.followerErrors, above: 0,                 periods: 3 },
    'unsigned-evidence':   { says: 'what jobs left is not signed',                                 metric: metrics.signingErrors,  above: 0,                 periods: 3 },
    'launch-failures':     { says: 'workers do not start',                                         metric: metrics.launchFailures, above: 0,                 periods: 3 },
    'throttles':           { says: 'the table or the functions are throttled',                     metric: metrics.throttles,      above: 10,                periods: 3 },
    'lease-contention':    { says: 'workers lose their leases',                                    metric: metrics.leaseTrouble,   above: 5,                 periods: 3 },
    ...(hasCanary && {
    'canary':              { says: 'no canary scan has come through for an hour',                  metric: metrics.canariesPassed, below: 1,                 periods: 12 } }),
  };
}

const tooMuch = (threshold = 0) => ({
  threshold,
  comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
  treatMissingData: TreatMissingData.NOT_BREACHING,
});
const tooLittle = (threshold: number) => ({
  threshold,
  comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
  treatMissingData: TreatMissingData.BREACHING,
});

export class JobAlarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, metrics: ServiceMetrics, { name, alarmTopicArn, canary }: Settings) {
    super(scope, id);
    const topic = alarmTopicArn === undefined ? undefined : Topic.fromTopicArn(this, 'Topic', alarmTopicArn);
    this.alarms = Object.entries(watches(metrics, canary !== undefined)).map(
      ([heading, { says, metric, above, below, periods }]) => {
        const alarm = new Alarm(this, heading, {
          alarmName: `${name}-${heading}`,
          alarmDescription: `${name}: ${says}. What to do: docs/operations.md#${heading}`,
          metric,
          ...(below === undefined ? tooMuch(above) : tooLittle(below)),
          evaluationPeriods: periods,
        });
        if (topic !== undefined) {
          alarm.addAlarmAction(new SnsAction(topic));
          alarm.addOkAction(new SnsAction(topic));
        }
        return alarm;
      },
    );
  }
}
