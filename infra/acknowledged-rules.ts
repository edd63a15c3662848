/**
 * What the rules of cdk-nag (AwsSolutions) object to, and why it stays as it is. The test in test/infra fails for an objection that is not
 * here, and for a line here to which nothing objects.
 */
import { type Acknowledgment, type Stack, Validations } from 'aws-cdk-lib';
import { WORKER_SIZES } from '#shared/scanner/definition.ts';
import { workerFamily } from './constructs/worker-definition.ts';

const wildcard = (resource: string, reason: string): Acknowledgment => ({
  id: `AwsSolutions-IAM5[Resource::${resource}]`,
  reason,
});
const IN_STACK = '<AWS::Region>:<AWS::AccountId>';

const OBJECTS = 'Objects are named by job and task: a role is held to the area of the bucket it has business in.';
const BY_TASK = 'Tasks are named by ECS when they start: the role is held to those of this cluster.';

/** Of a stack's resources, which CDK names by where they stand in it: their names change only with the constructs that hold them. */
export const acknowledgedRules = (stackName: string): Acknowledgment[] => [
  {
    id: 'AwsSolutions-APIG2',
    reason: 'The functions validate each request by the schemas of routes.ts, and say which field is wrong.',
  },
  {
    id: 'AwsSolutions-APIG3',
    reason:
      'Nobody without an IAM principal of an allowed account gets in; who wants a web ACL as well attaches their own.',
  },
  {
    id: 'AwsSolutions-APIG6',
    reason:
      'The access log has a line for every request. Execution logs would lie in a group that no stack owns and that never expires.',
  },
  { id: 'AwsSolutions-COG4', reason: 'Callers are IAM principals, not users of an application.' },
  { id: 'AwsSolutions-ECS2', reason: 'The variables are names and limits. A secret would come by reference.' },
  {
    id: 'AwsSolutions-ECS4',
    reason: 'Workers report what they do by metrics of their own; Container Insights would bill for each of them.',
  },
  {
    id: 'AwsSolutions-S1',
    reason: 'Who reads results is in the access log of the API, and in CloudTrail where data events are switched on.',
  },
  {
    id: 'AwsSolutions-VPC7',
    reason:
      'A scan is many thousands of flows: what was contacted is in its evidence, and flow logs are the account owner’s to switch on.',
  },
  {
    id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
    reason: 'What API Gateway asks of the role that writes its logs; it is assumed by nobody else.',
  },
  wildcard(
    '*',
    'X-Ray, ecs:ListTasks and ecr:GetAuthorizationToken know no resource; the statements are listed one by one in test/infra.',
  ),
  wildcard('<JobsTable10C8EDF6.Arn>/index/*', 'Whoever reads the table reads its three indexes.'),
  ...['config', 'health', 'plans', 'results', 'reports', 'evidence', 'uploads'].map((area) =>
    wildcard(`<ResultsBucket46167C27.Arn>/${area}/*`, OBJECTS),
  ),
  wildcard(`arn:<AWS::Partition>:ecs:${IN_STACK}:task/<WorkersCluster2E9BA3A7>/*`, BY_TASK),
  ...WORKER_SIZES.map((size) =>
    wildcard(
      `arn:<AWS::Partition>:ecs:${IN_STACK}:task-definition/${workerFamily(stackName, size)}:*`,
      'Every deployment makes a new revision, and the newest is started.',
    ),
  ),
];

export function acknowledgeRules(stack: Stack): void {
  Validations.of(stack).acknowledge(...acknowledgedRules(stack.stackName));
}
