/** The HTTP API: each row of routes.ts with its function, behind IAM. What API Gateway answers by itself reads like our own answers. */
import { Aws, Duration } from 'aws-cdk-lib';
import {
  AuthorizationType,
  EndpointType,
  LambdaIntegration,
  ResponseTransferMode,
  ResponseType,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { AccountPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import {
  GATEWAY_PROBLEMS,
  type GatewayProblem,
  PROBLEM_CONTENT_TYPE,
  type Problem,
} from '#shared/contracts/problem.ts';
import { type Route, type RouteName, routes } from '#shared/contracts/routes.ts';
import { SECURITY_HEADERS } from '#shared/contracts/security-headers.ts';
import type { NodeFunction } from './node-function.ts';

export interface JobApiProps {
  readonly functions: Readonly<Record<RouteName, NodeFunction>>;
  readonly allowedAccounts: readonly string[];
}

/** The longest API Gateway waits: for an answer in one piece, and for one that streams (API Gateway developer guide, "Quotas"). */
const ANSWER_TIMEOUT = Duration.seconds(29);
const STREAM_TIMEOUT = Duration.minutes(15);

export class JobApi extends Construct {
  readonly url: string;
  private readonly api: RestApi;

  constructor(scope: Construct, id: string, { functions, allowedAccounts }: JobApiProps) {
    super(scope, id);
    this.api = new RestApi(this, 'Rest', {
      restApiName: 'scanfleet',
      endpointTypes: [EndpointType.REGIONAL],
      deployOptions: { stageName: 'v1' },
      defaultMethodOptions: { authorizationType: AuthorizationType.IAM },
      policy: invocableBy([Aws.ACCOUNT_ID, ...allowedAccounts]),
    });
    for (const name of Object.keys(routes) as RouteName[]) this.addRoute(routes[name], functions[name]);
    for (const name of Object.keys(GATEWAY_PROBLEMS) as GatewayProblem[]) this.addProblem(name);
    this.url = this.api.url;
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
