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
import { StoppedTaskDetail } from '#functions/record-stopped-worker/record-stopped-worker.ts';
import { type EcsOptions, type EndedWorker, startEcs } from '#local/emulators/ecs.ts';
import type { Emulator } from '#local/emulators/emulator.ts';
import { ecsWorkerLauncher } from '#shared/aws/worker-launcher.ts';
import { LimitError, UnavailableError } from '#shared/errors.ts';
import type { WorkerSize } from '#shared/scanner/definition.ts';
import type { Launch } from '#shared/task/launcher.ts';
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
  publicAddresses: 'ENABLED' as const,
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
const spot = (name: string, size: WorkerSize = 'small'): Launch => ({ size, name, capacity: 'spot' });
const arnsOf = async (size: WorkerSize) => (await launcher().list(size)).map(({ arn }) => arn);
/** The ARN of a worker just launched. */
async function launched(name: string): Promise<string> {
  await launcher().launch(spot(name));
  const [arn] = await arnsOf('small');
  return arn as string;
}

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

  it('starts them by name, tells each its name, and lists them by size', async () => {
    const before = new Date();
    for (const name of ['one', 'two']) expect(await launcher().launch(spot(name))).toBeUndefined();
    const workers = await launcher().list('small');
    const arn = expect.stringMatching(/^arn:aws:ecs:eu-central-1:000000000000:task\/scanfleet\/[0-9a-f]{32}$/);
    expect(workers).toEqual(['one', 'two'].map((name) => ({ arn, name, launchedAt: expect.any(Date), started: true })));
    expect(workers[0]?.launchedAt.getTime()).toBeGreaterThanOrEqual(before.getTime());
    expect(await launcher().list('large')).toEqual([]);
    await until(() => saw().length === 2);
    const names = saw().map(({ environ }) => environ.find((pair) => pair.startsWith('WORKER_NAME=')));
    expect(names.sort()).toEqual(['WORKER_NAME=one', 'WORKER_NAME=two']);
  });

  it('starts a name once, also side by side', async () => {
    await Promise.all([launcher().launch(spot('one')), launcher().launch(spot('one'))]);
    await launcher().launch(spot('one'));
    expect(await launcher().list('small')).toHaveLength(1);
  });

  it('says why one could not be started', async () => {
    const outcomes = [];
    for (let n = 0; n < 6; n += 1) outcomes.push(await launcher().launch(spot(`worker-${n}`)));
    expect(outcomes.slice(4)).toEqual([undefined, 'RESOURCE:CPU']);
  });

  it('stops one, again and again if asked', async () => {
    const arn = await launched('one');
    await launcher().stop({ arn }, 'enough');
    await until(() => ended.length === 1);
    await launcher().stop({ arn }, 'enough');
    expect(ended).toMatchObject([{ taskArn: arn, wanted: true, reason: 'enough' }]);
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
    const arn = await launched('one');
    await until(() => saw().length === 1);
    const uri = saw()[0]?.credentialsUri ?? '';
    expect(await fromHttp({ awsContainerCredentialsFullUri: uri })()).toMatchObject(WORKER_KEYS);
    expect((await fetch(uri, { headers: { origin: 'https://example.com' } })).status).toBe(403);
    expect((await fetch(`${uri.slice(0, -1)}!`)).status).toBe(404);
    await client.send(new StopTaskCommand({ cluster: 'scanfleet', task: arn }));
    await until(() => ended.length === 1);
    expect((await fetch(uri)).status).toBe(404);
  });

  it('tells when a process ends, and how', async () => {
    await launcher().launch(spot('one', 'large'));
    await until(() => ended.length === 1);
    const arn = ended[0]?.taskArn ?? '';
    expect(ended[0]).toMatchObject({ family: 'worker-large', exitCode: 3, wanted: false });
    const { tasks, failures } = await client.send(
      new DescribeTasksCommand({ cluster: 'scanfleet', tasks: [arn, 'arn:aws:ecs:::task/none'] }),
    );
    expect(tasks).toMatchObject([
      { lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited', containers: [{ exitCode: 3 }] },
    ]);
    expect(failures).toEqual([{ arn: 'arn:aws:ecs:::task/none', reason: 'MISSING' }]);
    expect(await launcher().list('large')).toEqual([]);
  });

  it('tells of a process that was killed', async () => {
    await launcher().launch(spot('one'));
    await until(() => saw().length === 1);
    process.kill(saw()[0]?.pid ?? 0, 'SIGKILL');
    await until(() => ended.length === 1);
    expect(ended[0]).toMatchObject({ exitCode: 137, signal: 'SIGKILL', wanted: false });
    const event = ended[0]?.event;
    expect(event).toMatchObject({ source: 'aws.ecs', 'detail-type': 'ECS Task State Change' });
    expect(event?.detail).toMatchObject({ taskArn: ended[0]?.taskArn, lastStatus: 'STOPPED', version: 3 });
    expect(StoppedTaskDetail.parse(event?.detail)).toEqual({
      version: 3,
      startedBy: 'one',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      containers: [{ name: 'scan-worker', exitCode: 137, reason: 'SIGKILL' }],
    });
  });

  it('stops a process by SIGTERM, and one that does not listen by SIGKILL', async () => {
    const run = async (taskDefinition: string) =>
      (await client.send(new RunTaskCommand({ cluster: 'scanfleet', taskDefinition }))).tasks?.[0]?.taskArn;
    const [polite, deaf] = [await run('worker-small'), await run('worker-deaf')];
    await until(() => saw().length === 2);
    for (const task of [polite, deaf])
      await client.send(new StopTaskCommand({ cluster: 'scanfleet', task, reason: 'enough' }));
    expect(await arnsOf('small')).toEqual([]);
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
    await launcher().launch(spot('one'));
    await launcher().launch(spot('two'));
    const late = launcher()
      .launch(spot('three'))
      .catch(() => undefined);
    await until(() => saw().length >= 2);
    await ecs.close();
    await late;
    expect(await descendantsOf(process.pid)).toEqual([]);
    await start();
  });
});

describe('a launch that hangs', () => {
  it('is accepted, never starts, and has ended once it is stopped', async () => {
    await start({ faults: { neverStarts: () => true, started: () => undefined } });
    const arn = await launched('one');
    expect(await launcher().list('small')).toMatchObject([{ arn, started: false }]);
    await launcher().stop({ arn }, 'it did not start in time');
    await launcher().stop({ arn }, 'again');
    expect(ended).toMatchObject([
      { taskArn: arn, wanted: true, exitCode: undefined, reason: 'it did not start in time' },
    ]);
    expect(await launcher().list('small')).toEqual([]);
  });

  it('holds nothing up when the service ends', async () => {
    await start({ faults: { neverStarts: () => true, started: () => undefined } });
    await launched('one');
    await ecs.close();
    expect(ended).toMatchObject([{ wanted: true, reason: 'the service ends' }]);
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

  it('a token that was used for another request', async () => {
    const runFor = (taskDefinition: string) =>
      client.send(new RunTaskCommand({ cluster: 'scanfleet', taskDefinition, clientToken: 'token-1' }));
    await runFor('worker-small');
    await expect(runFor('worker-large')).rejects.toMatchObject({ name: 'ConflictException' });
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
    const launching = launcher().launch(spot('one'));
    await expect(launching).rejects.toThrow(LimitError);
    await expect(launching).rejects.toMatchObject({ code: 'launch_throttled', cause: error });
  });

  it('another parameter error stays what it is, a fault of the service may pass', async () => {
    const wrong = failure('InvalidParameterException', 'No subnet', 400);
    ecsMock
      .on(RunTaskCommand)
      .rejectsOnce(wrong)
      .rejectsOnce(failure('ServerException', 'oops', 500));
    await expect(launcher().launch(spot('one'))).rejects.toBe(wrong);
    await expect(launcher().launch(spot('one'))).rejects.toThrow(UnavailableError);
  });

  const runs = () => ecsMock.commandCalls(RunTaskCommand).map(({ args }) => args[0].input);
  const providers = () => runs().map(({ capacityProviderStrategy: [first] = [] }) => first?.capacityProvider);

  it('asks for Spot, in the given network, under a name', async () => {
    ecsMock.on(RunTaskCommand).resolves({ tasks: [{ taskArn: 'a' }], failures: [] });
    expect(await launcher().launch(spot('one', 'large'))).toBeUndefined();
    expect(runs()).toMatchObject([
      {
        startedBy: 'one',
        clientToken: expect.stringMatching(/^[0-9a-f]{64}$/),
        capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
        overrides: { containerOverrides: [{ environment: [{ name: 'WORKER_NAME', value: 'one' }] }] },
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'] } },
      },
    ]);
    expect(runs()[0]).not.toHaveProperty('launchType');
  });

  const noRoom = 'Capacity is unavailable at this time. Please try again later or in a different availability zone';
  it.each([
    ['a failure RESOURCE:CPU', { reason: 'RESOURCE:CPU' }],
    ['a failure that says so', { reason: noRoom }],
    ['an error that says so', failure('ClientException', noRoom, 400)],
  ])('takes Fargate on demand, under a token of its own, where Spot has no room: %s', async (_how, answer) => {
    const refusing = ecsMock.on(RunTaskCommand);
    if (answer instanceof Error) refusing.rejectsOnce(answer);
    else refusing.resolvesOnce({ tasks: [], failures: [answer] });
    refusing.resolves({ tasks: [{ taskArn: 'a' }] });
    expect(await launcher().launch(spot('one'))).toBeUndefined();
    expect(providers()).toEqual(['FARGATE_SPOT', 'FARGATE']);
    expect(runs().map(({ startedBy }) => startedBy)).toEqual(['one', 'one']);
    expect(new Set(runs().map(({ clientToken }) => clientToken)).size).toBe(2);
  });

  it('gives up when there is no room on demand either, or for another reason', async () => {
    const refused = (reason: string, detail?: string) => ({
      tasks: [],
      failures: [{ reason, ...(detail ? { detail } : {}) }],
    });
    ecsMock
      .on(RunTaskCommand)
      .resolvesOnce(refused('RESOURCE:CPU'))
      .resolvesOnce(refused('RESOURCE:MEMORY'))
      .resolves(refused('AGENT', 'gone'));
    expect(await launcher().launch(spot('one'))).toBe('RESOURCE:MEMORY');
    expect(await launcher().launch(spot('two'))).toBe('AGENT: gone');
    expect(await launcher().launch({ ...spot('three'), capacity: 'on_demand' })).toBe('AGENT: gone');
    expect(providers()).toEqual(['FARGATE_SPOT', 'FARGATE', 'FARGATE_SPOT', 'FARGATE']);
  });

  it('lists by family every page, and says what has not started', async () => {
    const at = new Date('2026-01-31T12:00:00.000Z');
    ecsMock
      .on(ListTasksCommand, { family: 'worker-large' })
      .resolvesOnce({ taskArns: ['a', 'b'], nextToken: 'n' })
      .resolvesOnce({ taskArns: ['c'] });
    ecsMock
      .on(DescribeTasksCommand)
      .resolvesOnce({
        tasks: [{ taskArn: 'a', startedBy: 'one', createdAt: at, startedAt: at }],
        failures: [{ arn: 'b' }],
      })
      .resolvesOnce({ tasks: [{ taskArn: 'c', createdAt: at }] });
    expect(await launcher().list('large')).toEqual([
      { arn: 'a', name: 'one', launchedAt: at, started: true },
      { arn: 'c', name: undefined, launchedAt: at, started: false },
    ]);
  });
});

it('lists more workers than fit on a page', async () => {
  await start({ capacity: 3 });
  for (const name of ['one', 'two', 'three']) await launcher().launch(spot(name));
  const started = await arnsOf('small');
  const page = (nextToken?: string) =>
    client.send(new ListTasksCommand({ cluster: 'scanfleet', maxResults: 2, ...(nextToken ? { nextToken } : {}) }));
  const first = await page();
  expect(first.taskArns).toEqual(started.slice(0, 2));
  const second = await page(first.nextToken);
  expect([second.taskArns, second.nextToken]).toEqual([started.slice(2), undefined]);
});
