import { expect, it } from 'vitest';
import { resourcesOf, synthesize } from './synthesized.ts';

const CANARY = { targets: ['canary.example.org'], scanners: [{ name: 'nmap', options: { ports: '443' } }] };
const { ofType } = resourcesOf(synthesize({ canary: CANARY, tenants: [{ account: '111122223333', tenant: 'all' }] }));
const rules = ofType('AWS::Events::Rule');
const schedule = rules.find(({ ScheduleExpression }) => ScheduleExpression === 'rate(30 minutes)');

it('is nowhere unless it is asked for', () => {
  const plain = resourcesOf(synthesize({}));
  expect(plain.ofType('AWS::Events::Rule').filter((rule) => rule.ScheduleExpression === 'rate(30 minutes)')).toEqual(
    [],
  );
  expect([...plain.resources.keys()].filter((id) => /canary/i.test(id))).toEqual([]);
});

it('is submitted through the API every half hour, and not again when that fails', () => {
  const [target] = schedule.Targets;
  expect(JSON.stringify(target.Arn)).toMatch(/ApiRestDeploymentStagev1\w+"},"\/POST\/jobs"/);
  expect(target.RetryPolicy).toEqual({ MaximumRetryAttempts: 0 });
  expect(JSON.parse(target.Input)).toMatchObject({
    targets: ['canary.example.org'],
    scanners: [{ name: 'nmap', options: { ports: '443' } }],
    project: 'canary',
    deadlineSeconds: 1500,
  });
});

it('may submit jobs and nothing else', () => {
  const role = schedule.Targets[0].RoleArn['Fn::GetAtt'][0];
  const statements = ofType('AWS::IAM::Policy')
    .filter(({ Roles }) => Roles.some((of: { Ref: string }) => of.Ref === role))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  expect(statements.map(({ Action, Effect }) => [Effect, Action])).toEqual([['Allow', 'execute-api:Invoke']]);
  expect(statements[0].Resource).toEqual(schedule.Targets[0].Arn);
});

it('is a tenant of its own, before any other rule about callers', () => {
  const role = schedule.Targets[0].RoleArn['Fn::GetAtt'][0];
  const submit = ofType('AWS::Lambda::Function').find(({ id }) => id.startsWith('submitjob'));
  const settings = JSON.stringify(submit.Environment.Variables.CALLER_SETTINGS);
  expect(settings).toContain(`{"Ref":"${role}"}`);
  expect(settings.indexOf('canary')).toBeLessThan(settings.indexOf('all'));
});

it('is told of the ends of its own jobs alone', () => {
  const [rule] = rules.filter(({ id }) => id.includes('JobFinishedcheckcanary'));
  expect(rule.EventPattern.detail).toEqual({ tenant: ['canary'] });
});
