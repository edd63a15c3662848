/** One signed request and its answer: everything that can go wrong between the two comes out as a named error. */
import { Problem } from '#shared/contracts/problem.ts';
import { ScanfleetError, UnavailableError } from '#shared/errors.ts';
import { HEADERS } from '#shared/names.ts';
import { ApiError } from './api-error.ts';
import type { Endpoint } from './endpoint.ts';
import type { Sign } from './signing.ts';

export interface ExchangeDeps {
  readonly endpoint: Pick<Endpoint, 'url' | 'from'>;
  readonly sign: Sign;
}

export interface Request {
  readonly method: string;
  /** Below the endpoint's, as in `/jobs`. */
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** API Gateway gives a function 29 s (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html); the rest is the way there and back. */
const ANSWER_TIMEOUT_MS = 35_000;

/**
 * Sends `request` and lets `read` take the answer. Throws ApiError for a 4xx or 5xx, UnavailableError when no answer came (in time) and
 * `signal`'s reason when it was aborted. Nothing is followed: redirects are `read`'s to judge.
 */
export async function exchange<T>(
  deps: ExchangeDeps,
  request: Request,
  signal: AbortSignal,
  read: (response: Response, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ANSWER_TIMEOUT_MS);
  const within = AbortSignal.any([signal, late.signal]);
  try {
    const response = await fetch(...(await signedRequest(deps, request, within)));
    if (response.status >= 400) throw await refusal(response);
    return await read(response, within);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof ScanfleetError) throw cause;
    if (late.signal.aborted)
      throw new UnavailableError('timeout', `${deps.endpoint.url} did not answer in time`, { cause });
    throw unreachable(deps.endpoint, cause);
  } finally {
    clearTimeout(timer);
  }
}

async function signedRequest(deps: ExchangeDeps, request: Request, signal: AbortSignal): Promise<[URL, RequestInit]> {
  const { method, path, query, body } = request;
  const url = new URL(`${deps.endpoint.url}${path}${queryString(query)}`);
  const content = body === undefined ? undefined : JSON.stringify(body);
  const headers = await deps.sign({
    method,
    url,
    headers: { ...request.headers, ...(content === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(content === undefined ? {} : { body: content }),
  });
  return [url, { method, headers, signal, redirect: 'manual', ...(content === undefined ? {} : { body: content }) }];
}

/** A space is `%20`: a `+` is a plus to SigV4, and a space to nobody. */
function queryString(query: Request['query']): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`],
  );
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

/** A refusal as its problem document tells it; a proxy's HTML or an empty body still becomes an ApiError. */
async function refusal(response: Response): Promise<ApiError> {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterSeconds = Number.isFinite(seconds) ? seconds : undefined;
  const { status } = response;
  const parsed = Problem.safeParse(parseJson(await response.text()));
  if (parsed.success) {
    const { title, detail, ...problem } = parsed.data;
    return new ApiError({ ...problem, status, message: detail ?? title, retryAfterSeconds });
  }
  const requestId = response.headers.get(HEADERS.requestId) ?? undefined;
  return new ApiError({
    status,
    code: `http_${status}`,
    message: `the service answered ${status}`,
    requestId,
    retryAfterSeconds,
  });
}

/** Undefined for what is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** fetch tells only "fetch failed"; the system's reason is its cause. */
function unreachable({ url, from }: Pick<Endpoint, 'url' | 'from'>, error: unknown): UnavailableError {
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = reason instanceof Error && 'code' in reason ? reason.code : undefined;
  const message =
    code === 'ECONNREFUSED'
      ? `nothing listens on ${url} (from ${from}). Start the local service with \`npm start\` or \`scanfleet local\`, or name another with --url.`
      : `cannot reach ${url} (from ${from}): ${reason instanceof Error ? reason.message : String(reason)}`;
  return new UnavailableError('unreachable', message, { cause: error });
}
