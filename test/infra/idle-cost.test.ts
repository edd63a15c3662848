/** docs/cost.md says what a month costs while nothing runs: the stack as it is, at the prices of shared/cost/prices.ts. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PRICES } from '#shared/cost/prices.ts';
import { resourcesOf, synthesize } from './synthesized.ts';

const MINUTES = 30 * 24 * 60;
const { cloudWatch, kms, lambda, dynamoDb } = PRICES;

function idleMonth(stage: 'dev' | 'prod') {
  const { ofType } = resourcesOf(synthesize({ stage }));
  /** Each metric that goes into an alarm is billed. */
  const alarmMetrics = ofType('AWS::CloudWatch::Alarm').reduce(
    (sum, { Metrics = [{ MetricStat: {} }] }) =>
      sum + Metrics.filter(({ MetricStat }: { MetricStat?: object }) => MetricStat !== undefined).length,
    0,
  );
  const runs =
    MINUTES * ofType('AWS::Events::Rule').filter((rule) => rule.ScheduleExpression === 'rate(1 minute)').length;
  // biome-ignore format: a table reads by column
  return [
    ['alarms, by the metrics they look at',      alarmMetrics,                              cloudWatch.alarmMetricMonth],
    ['dashboard',                                ofType('AWS::CloudWatch::Dashboard').length, cloudWatch.dashboardMonth],
    ['metrics of its own that idle runs write',  4,                                         cloudWatch.metricMonth],
    ['KMS keys',                                 ofType('AWS::KMS::Key').length,            kms.keyMonth],
    ['traces of scheduled runs',                 runs,                                      PRICES.trace],
    ['Lambda: scheduled runs',                   runs,                                      lambda.request],
    ['Lambda: GB-seconds, 0.1 s of 1 GB a run',  runs / 10,                                 lambda.gbSecond],
    ['SQS: four requests a minute',              4 * MINUTES,                               PRICES.sqsRequest],
    ['DynamoDB: two read units a minute',        2 * MINUTES,                               dynamoDb.readUnit],
    ['log lines, 1 KB a run, in GB',             runs / 1e6,                                cloudWatch.logGb],
  ] as const;
}

const page = readFileSync('docs/cost.md', 'utf8');
const total = (rows: ReturnType<typeof idleMonth>) => rows.reduce((sum, [, amount, each]) => sum + amount * each, 0);

it.each(idleMonth('prod'))('the page has the right figures for %s', (item, amount, each) => {
  const line = page.split('\n').find((text) => text.startsWith(`| ${item} |`)) ?? '';
  const [, , said, price, usd] = line.split('|').map((cell) => cell.trim());
  expect([Number(said), Number(price), usd]).toEqual([amount, expect.closeTo(each, 12), (amount * each).toFixed(2)]);
});

it('the page adds up, for either stage, and says of when the prices are', () => {
  expect(page).toContain(`**${total(idleMonth('prod')).toFixed(2)}**`);
  expect(page).toContain(`has neither alarms nor dashboard: ${total(idleMonth('dev')).toFixed(2)}.`);
  expect(page).toContain(`as of ${PRICES.asOf}`);
});

it('nothing that costs by the hour is left running', () => {
  const { ofType } = resourcesOf(synthesize({ stage: 'prod' }));
  for (const type of ['AWS::EC2::NatGateway', 'AWS::EC2::EIP', 'AWS::ElasticLoadBalancingV2::LoadBalancer'])
    expect(ofType(type)).toEqual([]);
});
