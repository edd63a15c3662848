/** Errors on the wire: RFC 9457 problem details with a stable `code`. */
import * as z from 'zod';

export const Problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string().optional(),
    requestId: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.output<typeof Problem>;

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/** What API Gateway answers by itself, before any function: infra makes its GatewayResponses from this table, local serves the same. */
export const GATEWAY_PROBLEMS = {
  MISSING_AUTHENTICATION_TOKEN: {
    status: 403,
    code: 'missing_authentication',
    title: 'Forbidden',
    detail: 'The request is not signed, or the path and method are unknown.',
  },
  ACCESS_DENIED: {
    status: 403,
    code: 'access_denied',
    title: 'Forbidden',
    detail: 'The caller may not call this route.',
  },
  INVALID_SIGNATURE: {
    status: 403,
    code: 'invalid_signature',
    title: 'Forbidden',
    detail: 'The request signature is wrong.',
  },
  EXPIRED_TOKEN: {
    status: 403,
    code: 'expired_signature',
    title: 'Forbidden',
    detail: 'The signature or the session token has expired.',
  },
  REQUEST_TOO_LARGE: {
    status: 413,
    code: 'request_too_large',
    title: 'Content Too Large',
    detail: 'The request body is larger than 1 MB.',
  },
  THROTTLED: { status: 429, code: 'throttled', title: 'Too Many Requests', detail: 'The API is called too often.' },
  BAD_REQUEST_BODY: {
    status: 400,
    code: 'invalid_request',
    title: 'Bad Request',
    detail: 'The request body cannot be used.',
  },
  INTEGRATION_FAILURE: {
    status: 502,
    code: 'integration_failure',
    title: 'Bad Gateway',
    detail: 'The function behind this route failed.',
  },
  INTEGRATION_TIMEOUT: {
    status: 504,
    code: 'integration_timeout',
    title: 'Gateway Timeout',
    detail: 'The function behind this route took too long.',
  },
  DEFAULT_4XX: { status: 400, code: 'bad_request', title: 'Bad Request', detail: 'The request was refused.' },
  DEFAULT_5XX: {
    status: 500,
    code: 'internal_error',
    title: 'Internal Server Error',
    detail: 'The API could not answer.',
  },
} as const;
export type GatewayProblem = keyof typeof GATEWAY_PROBLEMS;
