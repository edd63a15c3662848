import { fileURLToPath } from 'node:url';
import {
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { fromHttp } from '@aws-sdk/credential-providers';
import { type AwsClientStub, mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EcsOptions, type EndedWorker, startEcs } from '#local/emulators/ecs.ts';
import type { Emulator } from '#local/emulators/emulator.ts';
import { ecsWorkerLauncher } from '#shared/aws/worker-launcher.ts';
import { LimitError, UnavailableError } from '#shared/errors.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '#test/support/emulators.ts';
import type { FakeWorkerSaw } from '#test/support/fake-worker.ts';
import { descendantsOf } from '#test/support/processes.ts';

const FAKE_WORKER = fileURLToPath(new URL('../support/fake-worker.ts', import.meta.url));
const WORKER_KEYS = { accessKeyId: 'WORKERKEY', secretAccessKey: 'worker-secret', sessionToken: 'worker-token' };
const PLACE = {
  cluster: 'scanfleet',
  taskDefinitions: {
    small: 'worker-small',
    large: 'arn:aws:ecs:eu-central-1:000000000000:task-definition/worker-large:7',
  },
  subnets: ['subnet-1'],
  securityGroups: ['sg-1'],
};

let ecs: Emulator;
let client: ECSClient;
let output: string;
let ended: EndedWorker[];
let faults: unknown[];
let onChange: () => void = () => undefined;

async function start(changes: Partial<EcsOptions> = {}) {
  const definition = (does: string) => ({
    file: process.execPath,
    args: [FAKE_WORKER],
    env: { FAKE_WORKER: does, GREETING: 'hello' },
    stopTimeoutSeconds: 30,
  });
  ecs = await startEcs({
    region: TEST_REGION,
    identities: new Map([[TEST_CREDENTIALS.accessKeyId, TEST_CREDENTIALS]]),
    now: () => new Date(),
    onFault: (error) => faults.push(error),
    cluster: PLACE.cluster,
    taskDefinitions: {
      'worker-small': definition('sleep'),
      'worker-large': definition('exit 3'),
      'worker-deaf': { ...definition('deaf'), stopTimeoutSeconds: 0.1 },
      'worker-missing': { ...definition('sleep'), file: '/nonexistent/worker' },
    },
    capacity: 5,
    workerCredentials: WORKER_KEYS,
    onEnded(worker) {
      ended.push(worker);
      onChange();
    },
    onOutput(chunk) {
      output += Buffer.from(chunk).toString();
      onChange();
    },
    ...changes,
  });
  client = new ECSClient({ endpoint: ecs.endpoint, region: TEST_REGION, credentials: TEST_CREDENTIALS });
}

/** Resolves when something happened that makes `holds` true. */
const until = (holds: () => boolean) =>
  new Promise<void>((resolve) => {
    onChange = () => void (holds() && resolve());
    onChange();
  });
const saw = (): FakeWorkerSaw[] =>
  output
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
const launcher = () => ecsWorkerLauncher(client, PLACE);

beforeEach(() => {
  output = '';
  ended = [];
  faults = [];
});
afterEach(async () => {
  client.destroy();
  await ecs.close();
  expect(faults).toEqual([]);
});

describe('workers as real processes', () => {
  beforeEach(() => start());

  it('starts as many as asked, and lists them by size', async () => {
    const { started, failures } = await launcher().launch('small', 2, 'token-1');
    expect(started).toHaveLength(2);
    expect(failures).toEqual([]);
    expect(started[0]).toMatch(/^arn:aws:ecs:eu-central-1:000000000000:task\/scanfleet\/[0-9a-f]{32}$/);
    expect(await launcher().list('small')).toEqual(started);
    expect(await launcher().list('large')).toEqual([]);
    await until(() => saw().length === 2);
    expect(new Set(saw().map(({ pid }) => pid)).size).toBe(2);
  });

  it('starts nothing again for the same token, and refuses it for another request', async () => {
    const first = await launcher().launch('small', 1, 'token-1');
    expect(await launcher().launch('small', 1, 'token-1')).toEqual(first);
    expect(await launcher().list('small')).toHaveLength(1);
    await expect(launcher().launch('small', 2, 'token-1')).rejects.toMatchObject({ name: 'ConflictException' });
  });

  it('says why some could not be started', async () => {
    const outcome = await launcher().launch('small', 7, 'token-1');
    expect(outcome.started).toHaveLength(5);
    expect(outcome.failures).toEqual(['RESOURCE:CPU', 'RESOURCE:CPU']);
  });

  it("gives a process its definition's environment and nothing of this one's", async () => {
    process.env.OF_THE_TEST = 'secret';
    await client.send(
      new RunTaskCommand({
        cluster: 'scanfleet',
        taskDefinition: 'worker-small',
        overrides: { containerOverrides: [{ name: 'scan-worker', environment: [{ name: 'EXTRA', value: 'more' }] }] },
      }),
    );
    await until(() => saw().length === 1);
    expect(saw()[0]?.environ.toSorted()).toEqual(['EXTRA=more', 'FAKE_WORKER=sleep', 'GREETING=hello']);
  });

  it('gives a process credentials by descriptor 3, until it ends', async () => {
    const { started } = await launcher().launch('small', 1, 'token-1');
    await until(() => saw().length === 1);
    const uri = saw()[0]?.credentialsUri ?? '';
    expect(await fromHttp({ awsContainerCredentialsFullUri: uri })()).toMatchObject(WORKER_KEYS);
    expect((await fetch(uri, { headers: { origin: 'https://example.com' } })).status).toBe(403);
    expect((await fetch(`${uri.slice(0, -1)}!`)).status).toBe(404);
    await client.send(new StopTaskCommand({ cluster: 'scanfleet', task: started[0] }));
    await until(() => ended.length === 1);
    expect((await fetch(uri)).status).toBe(404);
  });

  it('tells when a process ends, and how', async () => {
    const { started } = await launcher().launch('large', 1, 'token-1');
    await until(() => ended.length === 1);
    expect(ended[0]).toMatchObject({ taskArn: started[0], family: 'worker-large', exitCode: 3, wanted: false });
    const { tasks, failures } = await client.send(
      new DescribeTasksCommand({ cluster: 'scanfleet', tasks: [started[0] ?? '', 'arn:aws:ecs:::task/none'] }),
    );
    expect(tasks).toMatchObject([
      { lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited', containers: [{ exitCode: 3 }] },
    ]);
    expect(failures).toEqual([{ arn: 'arn:aws:ecs:::task/none', reason: 'MISSING' }]);
    expect(await launcher().list('large')).toEqual([]);
  });

  it('tells of a process that was killed', async () => {
    await launcher().launch('small', 1, 'token-1');
    await until(() => saw().length === 1);
    process.kill(saw()[0]?.pid ?? 0, 'SIGKILL');
    await until(() => ended.length === 1);
    expect(ended[0]).toMatchObject({ exitCode: 137, signal: 'SIGKILL', wanted: false });
  });

  it('stops a process by SIGTERM, and one that does not listen by SIGKILL', async () => {
    const run = async (taskDefinition: string) =>
      (await client.send(new RunTaskCommand({ cluster: 'scanfleet', taskDefinition }))).tasks?.[0]?.taskArn;
    const [polite, deaf] = [await run('worker-small'), await run('worker-deaf')];
    await until(() => saw().length === 2);
    for (const task of [polite, deaf])
      await client.send(new StopTaskCommand({ cluster: 'scanfleet', task, reason: 'enough' }));
    expect(await launcher().list('small')).toEqual([]);
    await until(() => ended.length === 2);
    const how = (arn: string | undefined) => ended.find(({ taskArn }) => taskArn === arn);
    expect(how(polite)).toMatchObject({ exitCode: 0, wanted: true, reason: 'enough' });
    expect(how(deaf)).toMatchObject({ exitCode: 137, wanted: true });
  });

  it('a process that cannot be started is a worker that ended', async () => {
    await client.send(new RunTaskCommand({ cluster: 'scanfleet', taskDefinition: 'worker-missing' }));
    expect(ended).toMatchObject([{ exitCode: undefined, wanted: false, reason: expect.stringContaining('ENOENT') }]);
  });

  it('leaves no process when it is closed, also of those it is just starting', async () => {
    await launcher().launch('small', 2, 'token-1');
    const late = launcher()
      .launch('small', 2, 'token-2')
      .catch(() => undefined);
    await until(() => saw().length >= 2);
    await ecs.close();
    await late;
    expect(await descendantsOf(process.pid)).toEqual([]);
    await start();
  });
});

describe('requests ECS refuses', () => {
  beforeEach(() => start());
  const run = (taskDefinition: string, cluster = 'scanfleet') =>
    client.send(new RunTaskCommand({ cluster, taskDefinition }));

  it('an unknown cluster, definition or task, and input that does not fit', async () => {
    await expect(run('worker-small', 'other')).rejects.toMatchObject({ name: 'ClusterNotFoundException' });
    await expect(run('other')).rejects.toMatchObject({ name: 'ClientException' });
    const stop = new StopTaskCommand({ cluster: 'scanfleet', task: 'none' });
    await expect(client.send(stop)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    const tooMany = new RunTaskCommand({ cluster: 'scanfleet', taskDefinition: 'worker-small', count: 11 });
    await expect(client.send(tooMany)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  it('what is not signed, wrongly signed, or comes from a web page', async () => {
    const headers = { 'x-amz-target': 'AmazonEC2ContainerServiceV20141113.ListTasks' };
    const post = (more = {}) => fetch(ecs.endpoint, { method: 'POST', body: '{}', headers: { ...headers, ...more } });
    expect((await post()).status).toBe(403);
    expect((await post({ origin: 'https://example.com' })).status).toBe(403);
    const other = new ECSClient({
      endpoint: ecs.endpoint,
      region: TEST_REGION,
      credentials: { ...TEST_CREDENTIALS, secretAccessKey: 'other' },
    });
    await expect(ecsWorkerLauncher(other, PLACE).list('small')).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    });
    other.destroy();
  });
});

describe('what ECS answers when it is busy', () => {
  let ecsMock: AwsClientStub<ECSClient>;
  beforeEach(async () => {
    await start();
    ecsMock = mockClient(client);
  });
  const failure = (name: string, message: string, httpStatusCode: number) =>
    Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });

  it.each([
    failure('ThrottlingException', 'Rate exceeded', 400),
    failure('InvalidParameterException', 'Rate exceeded', 400),
  ])('$name "$message" is a limit to try again later', async (error) => {
    ecsMock.on(RunTaskCommand).rejects(error);
    const launching = launcher().launch('small', 1, 'token-1');
    await expect(launching).rejects.toThrow(LimitError);
    await expect(launching).rejects.toMatchObject({ code: 'launch_throttled', cause: error });
  });

  it('another parameter error stays what it is, a fault of the service may pass', async () => {
    const wrong = failure('InvalidParameterException', 'No subnet', 400);
    ecsMock
      .on(RunTaskCommand)
      .rejectsOnce(wrong)
      .rejectsOnce(failure('ServerException', 'oops', 500));
    await expect(launcher().launch('small', 1, 'token-1')).rejects.toBe(wrong);
    await expect(launcher().launch('small', 1, 'token-1')).rejects.toThrow(UnavailableError);
  });

  it('asks for Fargate in the given network, by family, and reads every page of a list', async () => {
    ecsMock.on(RunTaskCommand).resolves({ tasks: [], failures: [{ reason: 'AGENT', detail: 'gone' }] });
    ecsMock
      .on(ListTasksCommand, { family: 'worker-large' })
      .resolvesOnce({ taskArns: ['a', 'b'], nextToken: 'n' })
      .resolvesOnce({ taskArns: ['c'] });
    expect(await launcher().launch('large', 1, 't')).toEqual({ started: [], failures: ['AGENT: gone'] });
    expect(ecsMock.commandCalls(RunTaskCommand)[0]?.args[0].input).toMatchObject({
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'] } },
    });
    expect(await launcher().list('large')).toEqual(['a', 'b', 'c']);
  });
});

it('lists more workers than fit on a page', async () => {
  await start({ capacity: 3 });
  const { started } = await launcher().launch('small', 3, 'token-1');
  const page = (nextToken?: string) =>
    client.send(new ListTasksCommand({ cluster: 'scanfleet', maxResults: 2, ...(nextToken ? { nextToken } : {}) }));
  const first = await page();
  expect(first.taskArns).toEqual(started.slice(0, 2));
  const second = await page(first.nextToken);
  expect([second.taskArns, second.nextToken]).toEqual([started.slice(2), undefined]);
});
