/**
 * The whole service on one machine, brought up in the order in which its parts need each other and taken down in the reverse: emulators
 * (each can be replaced by an endpoint of the user's), table, queues and bucket, policy, workers, functions, schedules, gateway.
 */
import { createWriteStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import type { Context } from '#cli/context.ts';
import { dynamoDbClient, s3Client, sqsClient } from '#shared/aws/clients.ts';
import { routes } from '#shared/contracts/routes.ts';
import { changeEnvironment, environment } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { logger } from '#shared/observability/logger.ts';
import { logTo } from '#shared/observability/output.ts';
import { WORKER_SIZES } from '#shared/scanner/definition.ts';
import { type LocalAws, localAws } from './aws.ts';
import {
  BACKGROUND_FUNCTIONS,
  type Background,
  type BackgroundDeps,
  type BusEvent,
  startBackground,
} from './background.ts';
import { policyAt, scannersAt, uploadConfig } from './config-upload.ts';
import { startDynamoDb } from './emulators/dynamodb.ts';
import { type EcsOptions, startEcs } from './emulators/ecs.ts';
import { startEvents } from './emulators/events.ts';
import { startS3 } from './emulators/s3.ts';
import { startSqs } from './emulators/sqs.ts';
import { BUCKET_NAME, BUS_NAME, CLUSTER_NAME, functionsEnvironment, TABLE_NAME } from './environment.ts';
import type { Faults } from './faults/kit.ts';
import { authenticator } from './gateway/authenticate.ts';
import { installAwsLambda } from './gateway/awslambda.ts';
import { type Gateway, type GatewayDeps, startGateway } from './gateway/gateway.ts';
import { type Functions, loadFunctions } from './gateway/invocation.ts';
import { type Identity, readOrMakeEvidenceKey, readOrMakeKeys } from './keys.ts';
import type { LocalOptions } from './options.ts';
import { provision } from './provision.ts';
import { scannersHere } from './scanners.ts';
import { openState, type State } from './state.ts';
import { workerDefinitions } from './workers.ts';

export type ServiceContext = Pick<Context, 'env' | 'output' | 'sleep'>;

export interface Service extends AsyncDisposable {
  readonly endpoint: string;
  readonly region: string;
  readonly identities: readonly Identity[];
  readonly state: State;
}

const HOST = '127.0.0.1';
const now = () => new Date();

/**
 * Starts everything; what was started is ended again when a later part fails. One service a process: it changes the process's environment,
 * which the functions read. Throws ConflictError (port or state in use), ForbiddenError (state, credentials), ValidationError
 * (environment), UnavailableError (an emulator).
 */
export async function startService(options: LocalOptions, context: ServiceContext): Promise<Service> {
  process.umask(0o077); // Whatever is written, by children too, is the user's alone.
  const limits = limitsFromEnv(context.env);
  await using started = new AsyncDisposableStack();
  const state = started.use(await openState({ ...options, directory: options.state }));
  const log = openLog(started, state.logFile);
  const { identities, service } = await readOrMakeKeys(state.keysFile);
  const evidenceKey = await readOrMakeEvidenceKey(state.evidenceKeyFile);
  const region = context.env.AWS_REGION || 'us-east-1';
  const faults =
    options.faults && (await import('./faults/kit.ts')).faultKit(options.faults, { ...limits, sleep: context.sleep });
  const aws = await localAws(started, context.env, region, service, faults);
  const setting = { started, state, log, region, identities, aws, faults };
  await startStores(setting);
  const s3 = s3Client();
  const names = await provision(
    { dynamodb: dynamoDbClient(), sqs: sqsClient(), s3 },
    { table: TABLE_NAME, bucket: BUCKET_NAME },
  );
  const scanners = await scannersHere(context.env);
  changeEnvironment(functionsEnvironment(names, context.env, scanners, pathToFileURL(state.evidenceKeyFile)));
  for (const config of [policyAt(state.policyFile), scannersAt(state.scannersFile)])
    started.defer(await uploadConfig({ s3, bucket: BUCKET_NAME, tell: context.output.message }, config));
  const functions = await startBackgroundFunctions(setting, context.sleep);
  const { endpoint, restart } = await startFront(setting, functions, options.port);
  await writeFile(state.localFile, JSON.stringify({ endpoint, region, identities, evidenceKey }), { mode: 0o600 });
  started.defer(() => rm(state.localFile, { force: true }));
  faults?.begin(restart);
  started.defer(() => faults?.end());
  const held = started.move();
  return { endpoint, region, identities, state, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

interface Setting {
  /** Ends what was started, last first. */
  readonly started: AsyncDisposableStack;
  readonly state: State;
  readonly log: Writable;
  readonly region: string;
  readonly identities: readonly Identity[];
  readonly aws: LocalAws;
  readonly faults: Faults | undefined;
}

/** How long lines wait to be written together: one by one they would cost a tenth of all processor time at 200 requests a second. */
const LOG_PAUSE_MS = 100;

/** Log lines of functions and workers go to a file: what the service says to its user would drown in them. */
function openLog(started: AsyncDisposableStack, file: string): Writable {
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  stream.cork();
  const writing = setInterval(() => {
    stream.uncork();
    stream.cork();
  }, LOG_PAUSE_MS);
  logTo(stream);
  started.defer(async () => {
    clearInterval(writing);
    logTo(process.stderr);
    await new Promise((resolve) => stream.end(resolve));
  });
  return stream;
}

/** What the emulators that verify signatures need. */
const verifying = ({ region, aws }: Setting, name: string) => {
  const { accessKeyId, ...key } = aws.credentials;
  const onFault = (error: unknown) => logger.error(`${name} failed`, { error });
  return { region, now, onFault, identities: new Map([[accessKeyId, key]]) };
};

async function startStores(setting: Setting): Promise<void> {
  const { aws, state } = setting;
  const starting = [
    aws.provide('dynamodb', () => startDynamoDb(state.databaseFile === undefined ? {} : { file: state.databaseFile })),
    aws.provide('sqs', startSqs),
    aws.provide('s3', () => startS3({ ...verifying(setting, 'S3'), folder: state.objectsDirectory })),
  ];
  // All of them, even when one fails: what came up once everything else was taken down would keep this process alive.
  await Promise.allSettled(starting);
  await Promise.all(starting);
}

/** The bus, the workers, the functions, and what starts those that nobody waits for. */
async function startBackgroundFunctions(setting: Setting, sleep: Context['sleep']): Promise<Functions> {
  const { started, aws, log, state, faults } = setting;
  let background: Background | undefined;
  const toBackground = (event: BusEvent) => background?.deliver(event);
  const deliver = faults?.onBus(toBackground) ?? toBackground;
  await aws.provide('events', () => startEvents({ ...verifying(setting, 'EventBridge'), bus: BUS_NAME, deliver }));
  const limits = limitsFromEnv(environment());
  const ecs: EcsOptions = {
    ...verifying(setting, 'ECS'),
    cluster: CLUSTER_NAME,
    taskDefinitions: workerDefinitions(environment(), limits, state.temporaryDirectory),
    capacity: WORKER_SIZES.length * limits.maxWorkers,
    workerCredentials: aws.credentials,
    onEnded({ event, ...worker }) {
      if (!worker.wanted && worker.exitCode !== 0) logger.error('a worker died', worker);
      deliver(event);
    },
    onOutput: (chunk) => log.write(chunk),
    faults: faults?.workers,
  };
  await aws.provide('ecs', () => startEcs(ecs));
  installAwsLambda();
  const functions = await loadFunctions([
    ...Object.values(routes).map((route) => route.function),
    ...BACKGROUND_FUNCTIONS,
  ]);
  const onFault: BackgroundDeps['onFault'] = (fault) => logger.error('function failed', fault);
  background = startBackground({ functions, now, sleep, onFault }, { sweepMs: limits.sweepSeconds * 1_000 });
  started.defer(background.close);
  return functions;
}

/** The gateway's endpoint, and how to start it anew there: whoever is being served then is cut off. */
async function startFront(
  { started, identities, region }: Setting,
  functions: Functions,
  port: number,
): Promise<{ endpoint: string; restart: () => Promise<void> }> {
  const onFault: GatewayDeps['onFault'] = (fault) => logger.error('request failed', fault);
  const authenticate = authenticator(identities, region, now);
  const start = (at: number) => startGateway({ functions, authenticate, now, onFault }, { host: HOST, port: at });
  let gateway = start(port);
  const { endpoint } = await gateway;
  started.defer(async () => (await gateway).close());
  const restarted = async (old: Gateway) => {
    await old.close(0);
    return start(Number(new URL(endpoint).port));
  };
  return {
    endpoint,
    async restart() {
      gateway = gateway.then(restarted);
      await gateway;
    },
  };
}
