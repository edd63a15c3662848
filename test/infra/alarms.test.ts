import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { METRIC_NAMESPACE, METRICS } from '#shared/names.ts';
import { resourcesOf, synthesize } from './synthesized.ts';

const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:alarms';
const CANARY = { targets: ['canary.example.org'], scanners: [{ name: 'nmap', options: { ports: '443' } }] };
const { ofType } = resourcesOf(synthesize({ stage: 'prod', alarmTopicArn: TOPIC, canary: CANARY }));
const alarms = ofType('AWS::CloudWatch::Alarm');
const nameOf = ({ AlarmName }: { AlarmName: string }) => AlarmName.replace('scanfleet-prod-', '');
const operations = readFileSync('docs/operations.md', 'utf8');

describe('an alarm', () => {
  it('watches what somebody has to look at', () => {
    expect(alarms.map((alarm) => nameOf({ AlarmName: alarm.AlarmName })).sort()).toEqual([
      'background-errors', 'canary', 'dead-letter-queue', 'error-rate', 'launch-failures', 'lease-contention', 'oldest-message',
      'slow-submits', 'stuck-jobs', 'sweeper-silent', 'throttles', 'unreadable-messages', 'unsigned-evidence',
    ]); // biome-ignore format: reads as one list
  });

  it('names its entry in docs/operations.md, which has one for each and no other', () => {
    for (const { AlarmName, AlarmDescription } of alarms)
      expect(AlarmDescription).toMatch(new RegExp(`What to do: docs/operations\\.md#${nameOf({ AlarmName })}$`));
    const section = operations.slice(operations.indexOf('\n## Alarms'));
    const entries = [...section.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading);
    expect(entries.sort()).toEqual(alarms.map(({ AlarmName }) => nameOf({ AlarmName })).sort());
  });

  it('tells the topic of its beginning and end, where there is one', () => {
    for (const { AlarmActions, OKActions } of alarms)
      expect({ AlarmActions, OKActions }).toEqual({ AlarmActions: [TOPIC], OKActions: [TOPIC] });
    const [silent] = resourcesOf(synthesize({ alarms: true })).ofType('AWS::CloudWatch::Alarm');
    expect(silent.AlarmActions).toBeUndefined();
  });

  it('is nowhere in dev, nor is the dashboard, unless that is asked for', () => {
    const bill = resourcesOf(synthesize({}));
    for (const type of ['Alarm', 'Dashboard']) expect(bill.ofType(`AWS::CloudWatch::${type}`)).toEqual([]);
    expect(resourcesOf(synthesize({ stage: 'prod', alarms: false })).ofType('AWS::CloudWatch::Alarm')).toEqual([]);
  });

  it('is quiet while nothing happens, but for the sweeper and the canary, which always run', () => {
    const breaching = alarms.filter(({ TreatMissingData }) => TreatMissingData === 'breaching');
    expect(breaching.map(({ AlarmName }) => nameOf({ AlarmName }))).toEqual(['sweeper-silent', 'canary']);
    expect(alarms.filter(({ TreatMissingData }) => TreatMissingData === 'notBreaching')).toHaveLength(11);
  });
});

describe('a metric of ours', () => {
  const [dashboard] = ofType('AWS::CloudWatch::Dashboard');
  const shown = JSON.stringify([dashboard, alarms]);
  /** The names as the dashboard and the alarms spell them. */
  const watched = new Set([
    ...[...shown.matchAll(new RegExp(`\\\\"${METRIC_NAMESPACE}\\\\",\\\\"(\\w+)\\\\"`, 'g'))].map(([, name]) => name),
    ...alarms.flatMap(({ Metrics = [] }) =>
      Metrics.map(({ MetricStat }: { MetricStat?: { Metric: { Namespace: string; MetricName: string } } }) =>
        MetricStat?.Metric.Namespace === METRIC_NAMESPACE ? MetricStat.Metric.MetricName : undefined,
      ),
    ),
  ]);
  watched.delete(undefined);

  it('is looked at by nobody under a name that is not recorded', () => {
    expect(watched.size).toBeGreaterThan(5);
    expect([...watched].filter((name) => !(Object.values(METRICS) as (string | undefined)[]).includes(name))).toEqual(
      [],
    );
  });

  it('is of this deployment: two stages in one account keep apart', () => {
    const services = [...shown.matchAll(/\\"service\\",\\"([\w-]+)\\"/g)].map(([, service]) => service);
    expect(new Set(services)).toEqual(new Set(['scanfleet-prod']));
  });

  it.each(Object.keys(METRICS))('%s is recorded somewhere', (name) => {
    const sources = ['functions', 'containers', 'shared'].flatMap((room) =>
      readdirSync(room, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => readFileSync(join(room, file), 'utf8')),
    );
    expect(sources.some((source) => new RegExp(`record\\(\\{[^}]*\\b${name}\\b`).test(source))).toBe(true);
  });
});
