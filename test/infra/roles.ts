/** What each role of the stack may do, read from the template. */
import type { Template } from 'aws-cdk-lib/assertions';
import type { Right } from '#test/support/aws-rights.ts';
import { resourcesOf } from './synthesized.ts';

export interface Statement {
  /** The logical id of the policy it stands in. */
  readonly policy: string;
  readonly actions: readonly string[];
  /** As JSON: ARNs hold references. */
  readonly resources: readonly string[];
  /** As JSON; empty where it holds always. */
  readonly condition: string;
}

export function statementsOf(template: Template): Statement[] {
  const { ofType } = resourcesOf(template);
  return [...ofType('AWS::IAM::Policy'), ...ofType('AWS::IAM::Role')].flatMap(({ id, PolicyDocument, Policies = [] }) =>
    [PolicyDocument, ...Policies.map((inline: typeof PolicyDocument) => inline.PolicyDocument)]
      .flatMap((document) => document?.Statement ?? [])
      .map((statement: { Action: string | string[]; Resource: unknown; Condition?: object }) => ({
        policy: id,
        actions: [statement.Action].flat(),
        resources: [statement.Resource].flat().map((resource) => JSON.stringify(resource)),
        condition: statement.Condition === undefined ? '' : JSON.stringify(statement.Condition),
      })),
  );
}

/** What a statement's action is held to: an area of the bucket, a kind of queue, a kind of partition key. */
function scopesOf(action: string, { resources, condition }: Statement): string[] {
  if (/^s3:(Get|Put|Delete|Abort)/.test(action)) return resources.map((arn) => /"\/(\w+)\/\*"/.exec(arn)?.[1] ?? '*');
  if (action.startsWith('sqs:'))
    return resources.map((arn) => (arn.includes('DeadLetters') ? 'dead-letters' : 'tasks'));
  const leading = /LeadingKeys":\["(\w+)/.exec(condition)?.[1];
  return [leading ?? ''];
}

/** What the roles whose policies begin with `prefix` may do, each once; what every function needs to log and trace is left out. `on` is empty where it may do it to all there is. */
export function grantedTo(statements: readonly Statement[], prefix: string): Right[] {
  const granted = new Map<string, Right>();
  for (const statement of statements.filter(({ policy }) => policy.startsWith(prefix)))
    for (const action of statement.actions.filter((name) => !/^(logs|xray):/.test(name)))
      for (const on of scopesOf(action, statement)) granted.set(`${action} ${on}`, { action, on });
  return [...granted.values()];
}
