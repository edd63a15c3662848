/**
 * A function's answer as HTTP: the output format of API Gateway's proxy integration. What does not have that form is a 502, as there:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format
 */
import type { OutgoingHttpHeaders } from 'node:http';
import * as z from 'zod';
import { HEADERS } from '#shared/names.ts';
import { type Answer, GatewayRefusal } from './refusal.ts';

const HeaderValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const ProxyAnswer = z.object({
  statusCode: z.coerce.number().int().min(200).max(599),
  headers: z.record(z.string(), HeaderValue).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(HeaderValue)).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** Throws GatewayRefusal INTEGRATION_FAILURE when `result` is no proxy answer. */
export function proxyAnswer(result: unknown, requestId: string): Answer {
  const parsed = ProxyAnswer.safeParse(result);
  if (!parsed.success) throw new GatewayRefusal('INTEGRATION_FAILURE', undefined, { cause: parsed.error });
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = parsed.data;
  const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  const sent: OutgoingHttpHeaders = {
    'Content-Type': 'application/json',
    ...headers,
    ...multiValueHeaders,
    'Content-Length': bytes.byteLength,
    [HEADERS.requestId]: requestId,
  };
  return { status: statusCode, headers: sent, body: bytes };
}
