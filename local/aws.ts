/** AWS as functions and workers see it on this machine: an emulator for each service, or an endpoint of the user's in its place. */
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { changeEnvironment, type Environment, environment } from '#shared/env.ts';
import { ForbiddenError } from '#shared/errors.ts';
import type { Emulator } from './emulators/emulator.ts';
import type { Faults } from './faults/kit.ts';
import type { KeyPair } from './keys.ts';

/** The SDK's variable that names a service's endpoint (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html). */
const ENDPOINT_VARIABLES = {
  dynamodb: 'AWS_ENDPOINT_URL_DYNAMODB',
  sqs: 'AWS_ENDPOINT_URL_SQS',
  s3: 'AWS_ENDPOINT_URL_S3',
  ecs: 'AWS_ENDPOINT_URL_ECS',
  events: 'AWS_ENDPOINT_URL_EVENTBRIDGE',
} as const;
type ServiceName = keyof typeof ENDPOINT_VARIABLES;

export type Credentials = KeyPair & { readonly sessionToken?: string };

export interface LocalAws {
  /** Whose keys functions and workers sign with, and the emulators expect. */
  readonly credentials: Credentials;
  /** Starts an emulator and leads the SDK to it, unless the user named another endpoint. `started` ends it. */
  provide(name: ServiceName, start: () => Promise<Emulator>): Promise<void>;
}

/**
 * Sets region and credentials for the SDK: keys of our own, or the user's as soon as one endpoint is the user's (found once, at the start).
 * Throws ForbiddenError `no_credentials` when there are none.
 */
export async function localAws(
  started: AsyncDisposableStack,
  env: Environment,
  region: string,
  ownKeys: KeyPair,
  faults?: Faults,
): Promise<LocalAws> {
  const given = new Set(Object.values(ENDPOINT_VARIABLES).filter((variable) => env[variable]));
  const credentials: Credentials = given.size === 0 ? ownKeys : await usersCredentials(region, [...given]);
  changeEnvironment({
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    // Either would lead the SDK elsewhere.
    AWS_PROFILE: undefined,
    AWS_ENDPOINT_URL: undefined,
  });
  return {
    credentials,
    async provide(name, start) {
      const variable = ENDPOINT_VARIABLES[name];
      const lead = (emulator: Emulator) => {
        started.defer(() => emulator.close());
        changeEnvironment({ [variable]: emulator.endpoint });
      };
      if (!given.has(variable)) lead(await start());
      if (faults !== undefined) lead(await faults.inFrontOf(name, String(environment()[variable])));
    },
  };
}

async function usersCredentials(region: string, because: readonly string[]): Promise<Credentials> {
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await fromNodeProviderChain({ clientConfig: { region } })();
    return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ForbiddenError('no_credentials', `${because.join(', ')} needs AWS credentials: ${why}`, [], { cause });
  }
}
