/**
 * The whole service on one machine, brought up in the order in which its parts need each other and taken down in the reverse: emulators
 * (each can be replaced by an endpoint of the user's), table, queues and bucket, policy, workers, functions, schedules, gateway.
 */
import { createWriteStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import type { Context } from '#cli/context.ts';
import { dynamoDbClient, s3Client, sqsClient } from '#shared/aws/clients.ts';
import { routes } from '#shared/contracts/routes.ts';
import { changeEnvironment, environment } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { logger } from '#shared/observability/logger.ts';
import { logTo } from '#shared/observability/output.ts';
import { type LocalAws, localAws } from './aws.ts';
import { BACKGROUND_FUNCTIONS, startBackground } from './background.ts';
import { startDynamoDb } from './emulators/dynamodb.ts';
import { startS3 } from './emulators/s3.ts';
import { startSqs } from './emulators/sqs.ts';
import { BUCKET_NAME, functionsEnvironment, TABLE_NAME } from './environment.ts';
import { authenticator } from './gateway/authenticate.ts';
import { installAwsLambda } from './gateway/awslambda.ts';
import { startGateway } from './gateway/gateway.ts';
import { loadFunctions } from './gateway/invocation.ts';
import { type Identity, readOrMakeKeys } from './keys.ts';
import type { LocalOptions } from './options.ts';
import { uploadPolicy } from './policy-upload.ts';
import { provision } from './provision.ts';
import { openState, type State } from './state.ts';

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
export async function startService(
  options: LocalOptions,
  context: Pick<Context, 'env' | 'output' | 'sleep'>,
): Promise<Service> {
  process.umask(0o077); // Whatever is written, by children too, is the user's alone.
  limitsFromEnv(context.env);
  await using started = new AsyncDisposableStack();
  const state = started.use(await openState({ ...options, directory: options.state }));
  started.defer(openLog(state.logFile));
  const keys = await readOrMakeKeys(state.keysFile);
  const region = context.env.AWS_REGION || 'us-east-1';
  const aws = await localAws(started, context.env, region, keys.service);
  await startStores(aws, region, state);
  const s3 = s3Client();
  const names = await provision(
    { dynamodb: dynamoDbClient(), sqs: sqsClient(), s3 },
    { table: TABLE_NAME, bucket: BUCKET_NAME },
  );
  changeEnvironment(functionsEnvironment(names, context.env));
  started.defer(await uploadPolicy({ s3, bucket: BUCKET_NAME, tell: context.output.message }, state.policyFile));
  const endpoint = await startFunctions(started, {
    port: options.port,
    region,
    identities: keys.identities,
    sleep: context.sleep,
  });
  await writeFile(state.localFile, JSON.stringify({ endpoint, region, identities: keys.identities }), { mode: 0o600 });
  started.defer(() => rm(state.localFile, { force: true }));
  const held = started.move();
  return { endpoint, region, identities: keys.identities, state, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** Log lines of the functions go to a file: what the service says to its user would drown in them. */
function openLog(file: string): () => Promise<void> {
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  logTo(stream);
  return async () => {
    logTo(process.stderr);
    await new Promise((resolve) => stream.end(resolve));
  };
}

async function startStores(aws: LocalAws, region: string, state: State): Promise<void> {
  const { accessKeyId, ...key } = aws.credentials;
  const onFault = (error: unknown) => logger.error('S3 failed', { error });
  const s3 = { folder: state.objectsDirectory, region, identities: new Map([[accessKeyId, key]]), now, onFault };
  await Promise.all([
    aws.provide('dynamodb', () => startDynamoDb(state.databaseFile === undefined ? {} : { file: state.databaseFile })),
    aws.provide('sqs', startSqs),
    aws.provide('s3', () => startS3(s3)),
  ]);
}

interface Front {
  readonly port: number;
  readonly region: string;
  readonly identities: readonly Identity[];
  readonly sleep: Context['sleep'];
}

/** The functions and all that calls them: bus, schedules, gateway. The gateway's endpoint. */
async function startFunctions(
  started: AsyncDisposableStack,
  { port, region, identities, sleep }: Front,
): Promise<string> {
  installAwsLambda();
  const names = [...Object.values(routes).map((route) => route.function), ...BACKGROUND_FUNCTIONS];
  const functions = await loadFunctions(names);
  const sweepMs = limitsFromEnv(environment()).sweepSeconds * 1_000;
  const background = startBackground(
    { functions, now, sleep, onFault: (fault) => logger.error('function failed', fault) },
    { sweepMs },
  );
  started.defer(() => background.close());
  const gateway = await startGateway(
    {
      functions,
      authenticate: authenticator(identities, region, now),
      now,
      onFault: (fault) => logger.error('request failed', fault),
    },
    { host: HOST, port },
  );
  started.defer(() => gateway.close());
  return gateway.endpoint;
}
