/** Records which rights the SDK calls of this process need, by who made them: what AWS would have asked of each role. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { S3Client } from '@aws-sdk/client-s3';
import { vi } from 'vitest';

/** An action, and where it matters on what: a prefix of the bucket, a kind of queue, or the kind of a partition key. */
export interface Right {
  readonly action: string;
  readonly on: string;
}

/** A command's input, loosely: which fields there are depends on the command. */
interface Input {
  readonly Key?: string | { readonly pk: string };
  readonly Item?: { readonly pk: string };
  readonly QueueUrl?: string;
  readonly Delete?: { readonly Objects: readonly { readonly Key: string }[] };
  readonly TransactItems?: readonly Readonly<Record<string, { Key?: { pk: string }; Item?: { pk: string } }>>[];
}
type Rule = (input: Input) => Right[];

/** The kind of a record: `JOB`, `TENANT`, `HOST`, `FLEET`. */
const kindOf = (key: { readonly pk: string } | undefined): string => key?.pk.split('#')[0] ?? '';
const keyed =
  (action: string): Rule =>
  ({ Key }) => [{ action, on: kindOf(Key as { pk: string }) }];
const areaOf = (key: unknown): string => String(key).split('/')[0] ?? '';
/** Who may list is told that an object is absent, anybody else that it is forbidden (S3 API reference, GetObject, "Permissions"). */
const reading: Rule = ({ Key }) => [
  { action: 's3:GetObject', on: areaOf(Key) },
  { action: 's3:ListBucket', on: '' },
];
const writing: Rule = ({ Key }) => [{ action: 's3:PutObject', on: areaOf(Key) }];
const queued =
  (action: string): Rule =>
  ({ QueueUrl = '' }) => [{ action, on: /-dead$/.test(QueueUrl) ? 'dead-letters' : 'tasks' }];
const plain =
  (...actions: string[]): Rule =>
  () =>
    actions.map((action) => ({ action, on: '' }));

/** Rights by command: the Service Authorization Reference's, and for transactions DynamoDB's developer guide, "Using IAM with transactions". */
// biome-ignore format: a table reads by column
const RULES: Readonly<Record<string, Rule>> = {
  GetCommand:                     plain('dynamodb:GetItem'),
  BatchGetCommand:                plain('dynamodb:BatchGetItem'),
  QueryCommand:                   plain('dynamodb:Query'),
  DescribeTableCommand:           plain('dynamodb:DescribeTable'),
  DescribeTimeToLiveCommand:      plain('dynamodb:DescribeTimeToLive'),
  PutCommand:                     ({ Item }) => [{ action: 'dynamodb:PutItem', on: kindOf(Item) }],
  UpdateCommand:                  keyed('dynamodb:UpdateItem'),
  DeleteCommand:                  keyed('dynamodb:DeleteItem'),
  BatchWriteCommand:              plain('dynamodb:BatchWriteItem'),
  TransactWriteCommand:           ({ TransactItems = [] }) =>
    TransactItems.flatMap((item) => Object.entries(item)).map(([what, { Key, Item }]) => ({ action: `dynamodb:${what}Item`, on: kindOf(Key ?? Item) })),
  GetObjectCommand:               reading,
  HeadObjectCommand:              reading,
  PutObjectCommand:               writing,
  CreateMultipartUploadCommand:   writing,
  UploadPartCommand:              writing,
  CompleteMultipartUploadCommand: writing,
  AbortMultipartUploadCommand:    ({ Key }) => [{ action: 's3:AbortMultipartUpload', on: areaOf(Key) }],
  ListObjectsV2Command:           plain('s3:ListBucket'),
  DeleteObjectsCommand:           ({ Delete }) => (Delete?.Objects ?? []).map(({ Key }) => ({ action: 's3:DeleteObject', on: areaOf(Key) })),
  SendMessageBatchCommand:        queued('sqs:SendMessage'),
  ReceiveMessageCommand:          queued('sqs:ReceiveMessage'),
  DeleteMessageCommand:           queued('sqs:DeleteMessage'),
  GetQueueAttributesCommand:      queued('sqs:GetQueueAttributes'),
  SignCommand:                    plain('kms:Sign'),
  PutEventsCommand:               plain('events:PutEvents'),
  ListTasksCommand:               plain('ecs:ListTasks'),
  DescribeTasksCommand:           plain('ecs:DescribeTasks'),
  StopTaskCommand:                plain('ecs:StopTask'),
  // It hands the workers their roles and, with propagateTags, their definition's tags.
  RunTaskCommand:                 plain('ecs:RunTask', 'ecs:TagResource', 'iam:PassRole'),
};

export interface RightsRecord {
  /** Runs `work` as a function or worker of that name. */
  as<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** The rights that were needed under that name, each once, as `action on`. */
  used(name: string): Right[];
}

/** From here to the end of the test file. Throws within the call for a command without a rule. */
export function recordRights(): RightsRecord {
  const callers = new AsyncLocalStorage<string>();
  const rights = new Map<string, Map<string, Right>>();
  const base: { send(command: object): unknown } = Object.getPrototypeOf(S3Client.prototype);
  const send = base.send;
  vi.spyOn(base, 'send').mockImplementation(function (this: unknown, command: object, ...rest: unknown[]) {
    const caller = callers.getStore();
    const rule = RULES[command.constructor.name];
    if (caller !== undefined && rule === undefined) throw new Error(`no rule for ${command.constructor.name}`);
    if (caller !== undefined && rule !== undefined)
      for (const right of rule((command as { input: Input }).input)) {
        const list = rights.get(caller) ?? new Map();
        rights.set(caller, list.set(`${right.action} ${right.on}`, right));
      }
    return Reflect.apply(send, this, [command, ...rest]);
  });
  return {
    as: (name, work) => callers.run(name, work),
    used: (name) => [...(rights.get(name)?.values() ?? [])],
  };
}
