/** The HTTP API: each row of routes.ts with its function, behind IAM. What API Gateway answers by itself reads like our own answers. */
import { Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  AuthorizationType,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  ResponseTransferMode,
  ResponseType,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type IRuleTarget, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { ApiGateway } from 'aws-cdk-lib/aws-events-targets';
import { AccountPrincipal, Grant, PolicyDocument, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import {
  GATEWAY_PROBLEMS,
  type GatewayProblem,
  PROBLEM_CONTENT_TYPE,
  type Problem,
} from '#shared/contracts/problem.ts';
import type { Route } from '#shared/contracts/route.ts';
import { type RouteName, routes } from '#shared/contracts/routes.ts';
import { SECURITY_HEADERS } from '#shared/contracts/security-headers.ts';
import type { Settings } from '../settings.ts';
import type { NodeFunction } from './node-function.ts';

export interface JobApiProps {
  readonly functions: Readonly<Record<RouteName, NodeFunction>>;
  readonly settings: Settings;
}

/** The longest API Gateway waits: for an answer in one piece, and for one that streams (API Gateway developer guide, "Quotas"). */
const ANSWER_TIMEOUT = Duration.seconds(29);
const STREAM_TIMEOUT = Duration.minutes(15);

/** A line for every request, also those that reach no function: who, what, how it ended. Field by field escaped by API Gateway. */
const ACCESS_LOG_FORMAT = AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    traceId: '$context.xrayTraceId',
    at: '$context.requestTimeEpoch',
    principal: '$context.identity.userArn',
    sourceIp: '$context.identity.sourceIp',
    request: '$context.httpMethod $context.resourcePath',
    status: '$context.status',
    latencyMs: '$context.responseLatency',
    bytes: '$context.responseLength',
    errorType: '$context.error.responseType',
  }),
);

export class JobApi extends Construct {
  readonly url: string;
  private readonly api: RestApi;

  constructor(scope: Construct, id: string, { functions, settings }: JobApiProps) {
    super(scope, id);
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.api = new RestApi(this, 'Rest', {
      restApiName: Stack.of(this).stackName,
      endpointTypes: [EndpointType.REGIONAL],
      deployOptions: {
        stageName: 'v1',
        throttlingRateLimit: settings.requestsPerSecond,
        throttlingBurstLimit: settings.requestBurst,
        tracingEnabled: true,
        accessLogDestination: new LogGroupLogDestination(accessLog),
        accessLogFormat: ACCESS_LOG_FORMAT,
      },
      // One role a region lets API Gateway write logs, whichever stack set it last: it stays when a stack goes (developer guide, "CloudWatch logs").
      cloudWatchRole: true,
      cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN,
      defaultMethodOptions: { authorizationType: AuthorizationType.IAM },
      policy: invocableBy([Aws.ACCOUNT_ID, ...settings.allowedAccounts]),
    });
    for (const name of Object.keys(routes) as RouteName[]) this.addRoute(routes[name], functions[name]);
    for (const name of Object.keys(GATEWAY_PROBLEMS) as GatewayProblem[]) this.addProblem(name);
    this.url = this.api.url;
  }

  /** Of the whole API, in five minutes. */
  measured(what: 'requests' | 'serverErrors' | 'clientErrors'): Metric {
    const props = { statistic: Stats.SUM, period: Duration.minutes(5), label: what };
    if (what === 'requests') return this.api.metricCount(props);
    return what === 'serverErrors' ? this.api.metricServerError(props) : this.api.metricClientError(props);
  }

  /** A rule's target: submits a job as `role`. A submit that fails is not made again: the next one comes. */
  submitting(job: object, role: Role): IRuleTarget {
    const { method, path } = routes.submitJob;
    const resourceArns = [this.api.arnForExecuteApi(method, path, this.api.deploymentStage.stageName)];
    Grant.addToPrincipal({ grantee: role, actions: ['execute-api:Invoke'], resourceArns });
    const postBody = RuleTargetInput.fromObject(job);
    // The target would give the role more than it needs.
    const eventRole = role.withoutPolicyUpdates();
    return new ApiGateway(this.api, { method, path, postBody, eventRole, retryAttempts: 0 });
  }

  private addRoute({ method, path, streaming }: Route, { lambda }: NodeFunction): void {
    const integration = new LambdaIntegration(lambda, {
      allowTestInvoke: false,
      timeout: streaming ? STREAM_TIMEOUT : ANSWER_TIMEOUT,
      responseTransferMode: streaming ? ResponseTransferMode.STREAM : ResponseTransferMode.BUFFERED,
    });
    this.api.root.resourceForPath(path).addMethod(method, integration);
  }

  /** API Gateway takes static values in single quotes, and leaves those inside them alone (API Gateway developer guide, "Gateway responses"). */
  private addProblem(name: GatewayProblem): void {
    const { status, code, title, detail } = GATEWAY_PROBLEMS[name];
    const body: Problem = { type: 'about:blank', title, status, code, detail, requestId: '$context.requestId' };
    const headers = { 'Content-Type': PROBLEM_CONTENT_TYPE, ...SECURITY_HEADERS };
    this.api.addGatewayResponse(name, {
      type: ResponseType.of(name),
      statusCode: String(status),
      responseHeaders: Object.fromEntries(Object.entries(headers).map(([header, value]) => [header, `'${value}'`])),
      templates: { 'application/json': JSON.stringify(body) },
    });
  }
}

/** Principals of these accounts whom their own account lets call. */
const invocableBy = (accounts: readonly string[]): PolicyDocument =>
  new PolicyDocument({
    statements: [
      new PolicyStatement({
        principals: accounts.map((account) => new AccountPrincipal(account)),
        actions: ['execute-api:Invoke'],
        resources: ['execute-api:/*'],
      }),
    ],
  });
