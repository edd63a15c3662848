/** The CDK app as `cdk deploy` puts it on an emulator of AWS, and a worker beside it: the emulator's ECS starts nothing. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as z from 'zod';
import { TABLE } from '#shared/aws/table.ts';
import { routes } from '#shared/contracts/routes.ts';
import { API_URL_OUTPUT } from '#shared/names.ts';
import type { Ministack } from './ministack.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CDK = join(ROOT, 'node_modules/aws-cdk/bin/cdk');
const WORKER = join(ROOT, 'containers/scan-worker/main.ts');
const SHIM = new URL('buffered-awslambda.ts', import.meta.url).href;
const STACK = 'scanfleet-emulated';
const ACCOUNT = '000000000000';

const Outputs = z.object({ [STACK]: z.record(z.string(), z.string()) });
const Variables = z.record(z.string(), z.string());
const Functions = z.object({
  Functions: z.array(
    z.object({ FunctionName: z.string(), Role: z.string(), Environment: z.object({ Variables }).optional() }),
  ),
});
const Definitions = z.object({ taskDefinitionArns: z.array(z.string()) });
const Tables = z.object({ TableNames: z.array(z.string()) });
const Queues = z.object({ QueueUrls: z.array(z.string()) });
const Definition = z.object({
  taskDefinition: z.object({
    containerDefinitions: z.array(
      z.object({ environment: z.array(z.object({ name: z.string(), value: z.string() })) }),
    ),
  }),
});

export interface Deployment {
  /** Where the emulator serves the API. */
  readonly apiUrl: string;
  /** Puts a message where SQS puts those that were received too often. */
  sendDeadLetter(body: string): Promise<void>;
  /** A real worker for small tasks, as ECS would start it. */
  startWorker(): Promise<Worker>;
}

export interface Worker {
  /** By SIGTERM; its exit code. */
  stop(): Promise<number | null>;
}

/** Bootstraps the account and deploys. Loopback may be scanned there, which no deployment to AWS ever allows. */
export async function deploy(emulator: Ministack): Promise<Deployment> {
  const admins = [{ account: ACCOUNT, name: 'administrator' }];
  const context = { name: STACK, admins, workerImage: 'registry.example/scanfleet/worker:none' };
  const outputsFile = join(emulator.folder, 'outputs.json');
  await cdk(emulator, 'bootstrap', `aws://${ACCOUNT}/${emulator.region}`);
  const approved = ['--require-approval', 'never', '--outputs-file', outputsFile];
  await cdk(emulator, 'deploy', '--context', `scanfleet=${JSON.stringify(context)}`, ...approved);
  const outputs = Outputs.parse(JSON.parse(await readFile(outputsFile, 'utf8')))[STACK] ?? {};
  const apiId = /\/\/(\w+)/.exec(outputs[API_URL_OUTPUT] ?? '')?.[1] ?? '';
  await adaptFunctions(emulator);
  await switchExpiryOn(emulator);
  await bufferStreams(emulator, apiId);
  const bucket = outputs.ResultsBucketName ?? '';
  const policy = 'allow: [{ cidr: 127.0.0.0/8, reason: tests scan this machine }]\n';
  await emulator.call('s3', `/${bucket}/config/policy.yaml`, { method: 'PUT', body: policy });
  return {
    apiUrl: `${emulator.endpoint}/restapis/${apiId}/v1/_user_request_`,
    sendDeadLetter: (body) => sendDeadLetter(emulator, body),
    startWorker: () => startWorker(emulator),
  };
}

/** Rejects with what the CDK said. */
async function cdk({ folder, env, region }: Ministack, ...args: string[]): Promise<void> {
  const output = ['--output', join(folder, 'cdk.out'), '--ci', '--progress', 'events'];
  await promisify(execFile)(process.execPath, [CDK, ...args, ...output], {
    cwd: ROOT,
    env: { ...env, CDK_DEFAULT_ACCOUNT: ACCOUNT, CDK_DEFAULT_REGION: region },
    maxBuffer: 64 * 1024 * 1024,
  });
}

/**
 * What the emulator's own reading of policies gets wrong: it asks for names of batch actions, which AWS's lack (Service Authorization
 * Reference, "Amazon SQS": SendMessage allows both), and knows no condition keys of ECS and KMS.
 */
const MISREAD = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Resource: '*', Action: ['sqs:SendMessageBatch', 'sqs:DeleteMessageBatch'] },
    { Effect: 'Allow', Resource: '*', Action: ['ecs:ListTasks', 'ecs:DescribeTasks', 'ecs:RunTask', 'ecs:StopTask'] },
    { Effect: 'Allow', Resource: '*', Action: ['kms:Sign'] },
  ],
};

/** The emulator has no `awslambda`, so streaming functions are given one; and who asks for the policy may scan this machine. */
async function adaptFunctions(emulator: Ministack): Promise<void> {
  const path = '/2015-03-31/functions';
  const all = Functions.parse(JSON.parse(await emulator.call('lambda', `${path}?MaxItems=10000`))).Functions;
  const ours = all.filter(({ FunctionName }) => FunctionName.startsWith(STACK));
  const streaming = Object.values(routes).flatMap((route) => (route.streaming ? [route.function] : []));
  const changed = ours.map(async ({ FunctionName, Role, Environment }) => {
    await emulator.iam('PutRolePolicy', {
      RoleName: Role.slice(Role.lastIndexOf('/') + 1),
      PolicyName: 'misread',
      PolicyDocument: JSON.stringify(MISREAD),
    });
    const variables = { ...Environment?.Variables };
    if ('LOOPBACK_TARGETS' in variables) variables.LOOPBACK_TARGETS = 'allow';
    if (streaming.some((name) => isFunction(FunctionName, name))) variables.NODE_OPTIONS = `--import ${SHIM}`;
    const body = JSON.stringify({ Environment: { Variables: variables } });
    await emulator.call('lambda', `${path}/${FunctionName}/configuration`, { method: 'PUT', body });
  });
  await Promise.all(changed);
}

/** CloudFormation names a function after its stack and its place in it, without the hyphens. */
const isFunction = (deployed: string, folder: string): boolean =>
  deployed.startsWith(`${STACK}-${folder.replaceAll('-', '')}Function`);

const Resources = z.object({
  item: z.array(
    z.object({
      id: z.string(),
      resourceMethods: z
        .record(z.string(), z.object({ methodIntegration: z.object({ uri: z.string().optional() }).optional() }))
        .optional(),
    }),
  ),
});
const STREAMED = /\/2021-11-15\/(.*)\/response-streaming-invocations$/;

/** The emulator's API Gateway waits for whole answers only. */
async function bufferStreams({ call }: Ministack, apiId: string): Promise<void> {
  const resources = `/restapis/${apiId}/resources`;
  const { item } = Resources.parse(JSON.parse(await call('apigateway', `${resources}?embed=methods&limit=500`)));
  for (const { id, resourceMethods = {} } of item)
    for (const [method, { methodIntegration }] of Object.entries(resourceMethods)) {
      const uri = methodIntegration?.uri ?? '';
      if (!STREAMED.test(uri)) continue;
      const value = uri.replace(STREAMED, '/2015-03-31/$1/invocations');
      const body = JSON.stringify({ patchOperations: [{ op: 'replace', path: '/uri', value }] });
      await call('apigateway', `${resources}/${id}/methods/${method}/integration`, { method: 'PATCH', body });
    }
  const body = JSON.stringify({ stageName: 'v1' });
  await call('apigateway', `/restapis/${apiId}/deployments`, { method: 'POST', body });
}

/** With the environment of the deployed task definition, and credentials as ECS serves them: the administrator's, for want of the role's. */
async function startWorker(emulator: Ministack): Promise<Worker> {
  const { endpoint, folder, env, region, credentials } = emulator;
  const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = credentials;
  const Expiration = new Date(Date.now() + 3_600_000).toISOString();
  const document = JSON.stringify({ AccessKeyId, SecretAccessKey, Token: '', Expiration });
  const server = createServer((_request, response) => response.end(document)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const environment = await workerEnvironment(emulator);
  const child: ChildProcess = spawn(process.execPath, [WORKER], {
    env: {
      ...{ PATH: env.PATH, NODE_EXTRA_CA_CERTS: env.NODE_EXTRA_CA_CERTS, TMPDIR: folder, AWS_REGION: region },
      ...Object.fromEntries(
        ['DYNAMODB', 'SQS', 'S3', 'EVENTBRIDGE'].map((name) => [`AWS_ENDPOINT_URL_${name}`, endpoint]),
      ),
      ...environment,
      LOOPBACK_TARGETS: 'allow',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const log = createWriteStream(join(folder, 'worker.log'), { flags: 'a' });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  (child.stdio[3] as Writable).end(`http://127.0.0.1:${(server.address() as AddressInfo).port}/\n`);
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return {
    stop() {
      child.kill('SIGTERM');
      return exited.finally(() => server.close());
    },
  };
}

async function workerEnvironment(emulator: Ministack): Promise<Record<string, string>> {
  const ecs = (operation: string, input: object) =>
    awsJson(emulator, 'ecs', `AmazonEC2ContainerServiceV20141113.${operation}`, input);
  const { taskDefinitionArns } = Definitions.parse(await ecs('ListTaskDefinitions', {}));
  for (const taskDefinition of taskDefinitionArns) {
    const described = Definition.parse(await ecs('DescribeTaskDefinition', { taskDefinition }));
    const [container] = described.taskDefinition.containerDefinitions;
    const environment = Object.fromEntries((container?.environment ?? []).map(({ name, value }) => [name, value]));
    if (environment.WORKER_SIZE === 'small') return environment;
  }
  throw new Error('no task definition for small tasks was deployed');
}

async function sendDeadLetter(emulator: Ministack, MessageBody: string): Promise<void> {
  const sqs = (operation: string, input: object) => awsJson(emulator, 'sqs', `AmazonSQS.${operation}`, input);
  const { QueueUrls } = Queues.parse(await sqs('ListQueues', { QueueNamePrefix: `${STACK}-TasksSmallDeadLetters` }));
  await sqs('SendMessage', { QueueUrl: QueueUrls[0], MessageBody });
}

/** The emulator's CloudFormation leaves it out. */
async function switchExpiryOn(emulator: Ministack): Promise<void> {
  const dynamodb = (operation: string, input: object) =>
    awsJson(emulator, 'dynamodb', `DynamoDB_20120810.${operation}`, input);
  const { TableNames } = Tables.parse(await dynamodb('ListTables', {}));
  const TimeToLiveSpecification = { AttributeName: TABLE.ttlAttribute, Enabled: true };
  for (const TableName of TableNames) await dynamodb('UpdateTimeToLive', { TableName, TimeToLiveSpecification });
}

async function awsJson({ call }: Ministack, service: string, target: string, input: object): Promise<unknown> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
  return JSON.parse(await call(service, '/', { method: 'POST', headers, body: JSON.stringify(input) }));
}
