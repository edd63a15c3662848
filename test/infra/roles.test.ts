import { describe, expect, it } from 'vitest';
import { statementsOf } from './roles.ts';
import { resourcesOf, synthesize } from './synthesized.ts';

const template = synthesize({ stage: 'prod' });
const STATEMENTS = statementsOf(template);

/** What knows no narrower resource than all there are, by the Service Authorization Reference. */
// biome-ignore format: a table reads by column
const EVERYWHERE: Readonly<Record<string, string>> = {
  'ecr:GetAuthorizationToken': 'a token for the registry as a whole; what may be pulled is said by resource',
  'ecs:ListTasks':             'knows no resource but a container instance: held to the cluster by a condition',
  'xray:PutTelemetryRecords':  'X-Ray knows no resources that are written',
  'xray:PutTraceSegments':     'X-Ray knows no resources that are written',
};

/** A wildcard within a resource, as it ends the ARN, and why it is there. */
// biome-ignore format: a table reads by column
const WITHIN: readonly [ends: RegExp, why: string][] = [
  [/"\/index\/\*"/,                      'the three indexes of the one table'],
  [/"\/(config|health|plans|results|reports|evidence|uploads)\/\*"/, 'the objects of one area of the bucket: they are named by job and task'],
  [/:task\/","?.*"\/\*"/,                'the workers of the one cluster: ECS names them when they start'],
  [/:task-definition\/[\w-]+:\*"/,       'the revisions of a worker size: each deployment makes one'],
];

describe('a statement of a role', () => {
  it('allows no action by a wildcard', () => {
    expect(STATEMENTS.length).toBeGreaterThan(40);
    expect(STATEMENTS.filter(({ actions }) => actions.some((action) => action.includes('*')))).toEqual([]);
  });

  it('reaches every resource only where the action knows no narrower one', () => {
    const everywhere = STATEMENTS.filter(({ resources }) => resources.includes('"*"')).flatMap(
      ({ actions }) => actions,
    );
    expect([...new Set(everywhere)].sort()).toEqual(Object.keys(EVERYWHERE).sort());
  });

  it('lists tasks of the one cluster', () => {
    const listing = STATEMENTS.filter(({ actions }) => actions.includes('ecs:ListTasks'));
    expect(listing.length).toBeGreaterThan(0);
    for (const { condition } of listing) expect(condition).toMatch(/^\{"ArnEquals":\{"ecs:cluster":/);
  });

  it('holds a wildcard within a resource only where that is explained', () => {
    const wild = STATEMENTS.flatMap(({ resources }) => resources).filter((arn) => arn !== '"*"' && arn.includes('*'));
    expect(wild.filter((arn) => !WITHIN.some(([ends]) => ends.test(arn)))).toEqual([]);
    for (const [ends] of WITHIN) expect(wild.some((arn) => ends.test(arn))).toBe(true);
  });
});

it('a role is taken by the one service it is for', () => {
  const trusted = resourcesOf(template)
    .ofType('AWS::IAM::Role')
    .flatMap(({ AssumeRolePolicyDocument }) => AssumeRolePolicyDocument.Statement)
    .map(({ Action, Effect, Principal }) => `${Effect} ${Action} ${JSON.stringify(Principal)}`);
  expect([...new Set(trusted)].sort()).toEqual(
    ['apigateway', 'ecs-tasks', 'lambda'].map(
      (service) => `Allow sts:AssumeRole {"Service":"${service}.amazonaws.com"}`,
    ),
  );
});

it('a worker reads the secrets that are named, and no other', () => {
  const reading = (settings: object) =>
    statementsOf(synthesize(settings)).filter(({ actions }) => actions.includes('secretsmanager:GetSecretValue'));
  expect(reading({})).toEqual([]);
  const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:nessus-AbCdEf';
  const statements = reading({ secrets: ['scanfleet/nessus', arn] });
  expect(statements).toHaveLength(2);
  for (const { actions, resources } of statements) {
    expect(actions).toEqual(['secretsmanager:GetSecretValue']);
    expect(resources).toHaveLength(2);
    expect(resources).toContainEqual(expect.stringMatching(/:secret:scanfleet\/nessus-\?{6}"/));
    expect(resources).toContain(JSON.stringify(arn));
  }
});
