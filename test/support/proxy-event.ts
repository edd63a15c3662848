/** REST proxy events (payload version 1.0) as API Gateway hands them to a function, and a call of a handler with one. */
import { PassThrough } from 'node:stream';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';

export interface TestRequest {
  readonly path?: string;
  readonly pathParameters?: Record<string, string>;
  readonly query?: Record<string, string | string[]>;
  readonly headers?: Record<string, string | string[]>;
  /** An object is sent as JSON with its content type; a string as it is. */
  readonly body?: unknown;
  readonly isBase64Encoded?: boolean;
  /** `null`: the request carries no identity. */
  readonly userArn?: string | null;
}

export const ACME_ARN = 'arn:aws:sts::111111111111:assumed-role/acme/alice';
export const OTHER_ARN = 'arn:aws:sts::222222222222:assumed-role/other/bob';
export const ADMIN_ARN = 'arn:aws:sts::999999999999:assumed-role/operator/carol';
/** Makes ADMIN_ARN an admin; tenants are account ids. */
export const CALLERS = { tenants: [], admins: [{ account: '999999999999', name: 'operator' }] };

export function proxyEvent(request: TestRequest = {}): APIGatewayProxyEvent {
  const { body, path = '/jobs', userArn = ACME_ARN } = request;
  const asJson = body !== undefined && typeof body !== 'string';
  const headers = multi({ ...(asJson ? { 'Content-Type': 'application/json' } : {}), ...request.headers });
  const query = multi(request.query ?? {});
  return {
    resource: path,
    path,
    httpMethod: 'GET',
    headers: last(headers),
    multiValueHeaders: headers,
    queryStringParameters: Object.keys(query).length > 0 ? last(query) : null,
    multiValueQueryStringParameters: Object.keys(query).length > 0 ? query : null,
    pathParameters: request.pathParameters ?? null,
    stageVariables: null,
    requestContext: { requestId: 'request-1', path, identity: { userArn } } as APIGatewayProxyEvent['requestContext'],
    body: asJson ? JSON.stringify(body) : ((body as string | undefined) ?? null),
    isBase64Encoded: request.isBase64Encoded ?? false,
  };
}

const multi = (values: Record<string, string | string[]>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value].flat()]));

const last = (values: Record<string, string[]>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list.at(-1) ?? '']));

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed; undefined for an empty body. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into it freely.
  readonly json: any;
}

type Handler = (
  event: APIGatewayProxyEvent,
  context: Context,
) => Promise<{ statusCode: number; headers: Readonly<Record<string, string>>; body: string }>;

/** Calls a buffered handler. */
export async function call(handler: unknown, request: TestRequest = {}): Promise<TestAnswer> {
  const answer = await (handler as Handler)(proxyEvent(request), {} as Context);
  return {
    status: answer.statusCode,
    headers: new Headers(answer.headers),
    text: answer.body,
    json: answer.body ? JSON.parse(answer.body) : undefined,
  };
}

/** Calls a streaming handler, as Lambda's response streaming does; needs `installAwsLambda` before. The body is as sent, not decompressed. */
export async function callStreaming(
  handler: unknown,
  request: TestRequest = {},
): Promise<TestAnswer & { body: Buffer }> {
  const stream: PassThrough & { prelude?: { statusCode: number; headers: Record<string, string> } } = new PassThrough();
  const run = handler as (event: unknown, into: PassThrough, context: Context) => Promise<void>;
  const [chunks] = await Promise.all([stream.toArray(), run(proxyEvent(request), stream, {} as Context)]);
  const body = Buffer.concat(chunks);
  const { statusCode = 0, headers = {} } = stream.prelude ?? {};
  const text = body.toString();
  const isJson = /json$/.test(headers['Content-Type'] ?? '') && !headers['Content-Type']?.includes('ndjson');
  return { status: statusCode, headers: new Headers(headers), text, body, json: isJson ? JSON.parse(text) : undefined };
}
