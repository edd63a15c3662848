/**
 * A request as a Lambda behind API Gateway's REST proxy integration sees it, payload version 1.0:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format.
 * `path` stays as it was sent; path and query parameters are decoded once.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { readQuery } from '../sigv4.ts';
import type { RouteMatch } from './route-match.ts';

/** The IAM principal whose key signed a request. */
export interface Principal {
  readonly accessKeyId: string;
  /** 12 digits. */
  readonly account: string;
  /** As in `arn:aws:sts::000000000000:assumed-role/acme/local`. */
  readonly userArn: string;
}

export interface ProxyRequest {
  readonly message: IncomingMessage;
  readonly match: RouteMatch;
  readonly principal: Principal;
  readonly body: Buffer;
  readonly requestId: string;
  readonly receivedAt: Date;
}

const STAGE = 'local';

export function proxyEvent(request: ProxyRequest): APIGatewayProxyEvent {
  const { message, match, body } = request;
  const [path, query] = splitTarget(message.url ?? '/');
  const headers = new Map<string, string[]>();
  for (let at = 0; at < message.rawHeaders.length; at += 2)
    append(headers, message.rawHeaders[at] as string, message.rawHeaders[at + 1] as string);
  const parameters = new Map<string, string[]>();
  for (const [name, value] of readQuery(query)) append(parameters, name, value);
  const isText = isUtf8(body);
  return {
    resource: match.route.path,
    path,
    httpMethod: match.route.method,
    headers: lastOfEach(headers),
    multiValueHeaders: Object.fromEntries(headers),
    queryStringParameters: parameters.size > 0 ? lastOfEach(parameters) : null,
    multiValueQueryStringParameters: parameters.size > 0 ? Object.fromEntries(parameters) : null,
    pathParameters: match.pathParameters,
    stageVariables: null,
    requestContext: requestContext(request, path),
    body: body.byteLength === 0 ? null : body.toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
  };
}

/** The raw path and the raw query of a request target. */
export function splitTarget(target: string): [path: string, query: string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

function append(values: Map<string, string[]>, name: string, value: string): void {
  const list = values.get(name);
  if (list === undefined) values.set(name, [value]);
  else list.push(value);
}

/** Own properties only, whatever a caller names them: `__proto__` is a name like any other. */
const lastOfEach = (values: ReadonlyMap<string, readonly string[]>): Record<string, string> =>
  Object.fromEntries(Array.from(values, ([name, list]) => [name, list.at(-1) as string]));

function requestContext(
  { message, match, principal, requestId, receivedAt }: ProxyRequest,
  path: string,
): APIGatewayProxyEvent['requestContext'] {
  return {
    accountId: principal.account,
    apiId: 'local',
    authorizer: null,
    protocol: `HTTP/${message.httpVersion}`,
    httpMethod: match.route.method,
    identity: {
      accessKey: principal.accessKeyId,
      accountId: principal.account,
      apiKey: null,
      apiKeyId: null,
      caller: principal.accessKeyId,
      clientCert: null,
      cognitoAuthenticationProvider: null,
      cognitoAuthenticationType: null,
      cognitoIdentityId: null,
      cognitoIdentityPoolId: null,
      principalOrgId: null,
      sourceIp: message.socket.remoteAddress ?? '127.0.0.1',
      user: principal.accessKeyId,
      userAgent: message.headers['user-agent'] ?? null,
      userArn: principal.userArn,
    },
    // The path as the caller wrote it: the API stands at the root, as behind a custom domain, and not under its stage.
    path,
    stage: STAGE,
    requestId,
    requestTime: commonLogTime(receivedAt),
    requestTimeEpoch: receivedAt.getTime(),
    resourceId: match.route.function,
    resourcePath: match.route.path,
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `21/Nov/2026:10:42:00 +0000`. */
function commonLogTime(at: Date): string {
  const iso = at.toISOString();
  return `${iso.slice(8, 10)}/${MONTHS[at.getUTCMonth()]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}
