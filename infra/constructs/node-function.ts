/** A Lambda of ours: functions/<folder>/handler.ts bundled, with a role of its own that can at first do nothing but log and trace. */
import { fileURLToPath } from 'node:url';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IGrantable, type IPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { SERVICE_VARIABLE } from '#shared/names.ts';
import type { Settings } from '../settings.ts';

/** Lambda's share of a processor grows with memory: 1,769 MB are one (Lambda developer guide, "Memory"). */
const MEMORY_MB = 1_024;
/** API Gateway gives up on a buffered answer after 29 s. */
const ANSWER_TIMEOUT = Duration.seconds(29);

/** CommonJS dependencies call `require`, which an ES module must make for itself. */
const REQUIRE =
  "import { createRequire as makeRequire } from 'node:module';const require = makeRequire(import.meta.url);";

const inRepository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export interface NodeFunctionProps<Env> {
  /** Every variable of the function's env.ts: a missing or misspelt one does not compile. */
  readonly variables: Readonly<Record<keyof Env & string, string>>;
  readonly settings: Pick<Settings, 'name' | 'limits' | 'logRetentionDays' | 'reservesConcurrency'>;
  /** Runs side by side that are kept free for it, and the most there are, in stages that reserve any. */
  readonly reservedConcurrency?: number;
  readonly timeout?: Duration;
}

export class NodeFunction<Env = unknown> extends Construct implements IGrantable {
  readonly lambda: NodejsFunction;
  readonly grantPrincipal: IPrincipal;

  constructor(
    scope: Construct,
    folder: string,
    { variables, settings, reservedConcurrency, timeout = ANSWER_TIMEOUT }: NodeFunctionProps<Env>,
  ) {
    super(scope, folder);
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const logGroup = new LogGroup(this, 'Log', {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    logGroup.grantWrite(role);
    this.grantPrincipal = role;
    this.lambda = new NodejsFunction(this, 'Function', {
      entry: inRepository(`functions/${folder}/handler.ts`),
      depsLockFilePath: inRepository('package-lock.json'),
      projectRoot: inRepository(''),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: MEMORY_MB,
      timeout,
      role,
      logGroup,
      tracing: Tracing.ACTIVE,
      ...(settings.reservesConcurrency ? { reservedConcurrentExecutions: reservedConcurrency } : {}),
      environment: { ...variables, ...settings.limits, [SERVICE_VARIABLE]: settings.name },
      awsSdkConnectionReuse: false,
      bundling: {
        format: OutputFormat.ESM,
        target: 'node24',
        mainFields: ['module', 'main'],
        banner: REQUIRE,
        minify: true,
        keepNames: true,
        externalModules: [],
        esbuildArgs: {
          '--alias': [`@aws-sdk/credential-provider-node=${inRepository('shared/aws/lambda-credentials.ts')}`],
        },
      },
    });
  }
}
