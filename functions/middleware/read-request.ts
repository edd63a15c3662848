/**
 * From a REST proxy event to what a route's schemas promise. Whatever a caller sends, the only way out but success is ValidationError or
 * TooLargeError.
 */
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type * as z from 'zod';
import type { Route } from '#shared/contracts/route.ts';
import { type FieldError, TooLargeError, ValidationError } from '#shared/errors.ts';
import { MAX_BODY_BYTES } from '#shared/limits.ts';

export interface ReadRequest<R extends Route> {
  readonly path: z.output<R['request']['path']>;
  readonly query: z.output<R['request']['query']>;
  readonly body: z.output<R['request']['body']>;
}

/** Names in lower case; the values of a repeated header joined (RFC 9110, section 5.3). */
export function readHeaders(event: APIGatewayProxyEvent): ReadonlyMap<string, string> {
  const repeated = Object.entries(event.multiValueHeaders ?? {});
  const entries =
    repeated.length > 0 ? repeated : Object.entries(event.headers ?? {}).map(([k, v]) => [k, [v]] as const);
  return new Map(entries.map(([name, values]) => [name.toLowerCase(), (values ?? []).join(', ')]));
}

/** Checks all three parts before it complains, so that a caller can mend everything at once. */
export function readRequest<R extends Route>(
  route: R,
  event: APIGatewayProxyEvent,
  headers: ReadonlyMap<string, string>,
): ReadRequest<R> {
  const errors: FieldError[] = [];
  const check = (schema: z.ZodType, value: unknown, root: string): unknown => {
    const parsed = schema.safeParse(value, { error: requiredWhenAbsent });
    if (parsed.success) return parsed.data;
    errors.push(...parsed.error.issues.flatMap((issue) => fieldErrors(issue, root)));
    return undefined;
  };
  const path = check(route.request.path, { ...event.pathParameters }, 'path');
  const query = check(route.request.query, readQuery(event, errors), 'query');
  const body = check(route.request.body, readBody(event, headers), 'body');
  if (errors.length > 0) throw new ValidationError(errors);
  return { path, query, body } as ReadRequest<R>;
}

function readQuery(event: APIGatewayProxyEvent, errors: FieldError[]): Record<string, unknown> {
  const repeated = Object.entries(event.multiValueQueryStringParameters ?? {});
  if (repeated.length === 0) return { ...event.queryStringParameters };
  for (const [field, values] of repeated)
    if ((values?.length ?? 0) > 1) errors.push({ field: shortName(field), message: 'must be given once' });
  return Object.fromEntries(repeated.map(([name, values]) => [name, values?.at(-1)]));
}

const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

function readBody(event: APIGatewayProxyEvent, headers: ReadonlyMap<string, string>): unknown {
  if (!event.body) return undefined;
  const bytes = Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.byteLength > MAX_BODY_BYTES)
    throw new TooLargeError('request_too_large', `the body is ${bytes.byteLength} bytes; allowed: ${MAX_BODY_BYTES}`);
  if (bytes.byteLength === 0) return undefined;
  if (!JSON_TYPE.test(headers.get('content-type') ?? ''))
    throw new ValidationError([{ field: 'Content-Type', message: 'must be application/json in UTF-8' }]);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const problem = cause instanceof SyntaxError ? `must be JSON: ${cause.message}` : 'must be valid UTF-8';
    throw new ValidationError([{ field: 'body', message: problem }], { cause });
  }
}

const requiredWhenAbsent: z.core.$ZodErrorMap = (issue) =>
  issue.code === 'invalid_type' && issue.input === undefined ? 'is required' : undefined;

function fieldErrors(issue: z.core.$ZodIssue, root: string): FieldError[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ field: fieldName([...issue.path, key], root), message: 'is not a known field' }));
  const field = fieldName(issue.path, root);
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ field, message }));
  return [{ field, message: issue.message }];
}

/** As a program would write it: `scanners[0].options.ports`, `labels["bad key"]`; the part's own name when it is wrong as a whole. */
export function fieldName(path: readonly PropertyKey[], root: string): string {
  const text = path.map((step, at) => {
    if (typeof step === 'number') return `[${step}]`;
    const name = shortName(String(step));
    if (/^[A-Za-z_$][\w$-]*$/.test(name)) return at === 0 ? name : `.${name}`;
    return `[${JSON.stringify(name)}]`;
  });
  return text.join('') || root;
}

/** A name as long as anybody needs to recognise it: keys come from outside too. */
const shortName = (name: string): string => (name.length > 100 ? `${name.slice(0, 100)}…` : name).toWellFormed();
