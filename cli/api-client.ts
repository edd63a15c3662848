/**
 * The HTTP API as typed calls, derived from the table of routes: signed, checked by the route's own schema, and repeated where that is
 * safe and can help.
 */
import { randomUUID } from 'node:crypto';
import type * as z from 'zod';
import { type RouteName, routes } from '#shared/contracts/routes.ts';
import { CorruptError, UnavailableError } from '#shared/errors.ts';
import { HEADERS } from '#shared/names.ts';
import type { ReportFormat } from '#shared/report/format.ts';
import { type ExchangeDeps, exchange, parseJson, type Request } from './exchange.ts';
import { wholeReport } from './report-check.ts';
import { type RetryDeps, retrying } from './retry.ts';
import { type WatchedJob, watchedJobs } from './watch.ts';

export type ApiClientDeps = ExchangeDeps & RetryDeps;

type Asked<N extends RouteName> = (typeof routes)[N]['request'];
type Answered<N extends RouteName> = (typeof routes)[N]['responses'];
/** A part of a request; it may be left out where nothing in it is required. */
type Part<Name extends string, T> = undefined extends T
  ? { readonly [name in Name]?: T }
  : Record<never, never> extends T
    ? { readonly [name in Name]?: T }
    : { readonly [name in Name]: T };

export type Input<N extends RouteName> = Part<'path', z.input<Asked<N>['path']>> &
  Part<'query', z.input<Asked<N>['query']>> &
  Part<'body', z.input<Asked<N>['body']>> & { readonly headers?: Readonly<Record<string, string>> };
export type Answer<N extends RouteName> = z.output<Exclude<Answered<N>[keyof Answered<N>], undefined>>;

export interface Report {
  /** Its chunks. Throws TruncatedReportError rather than end early. */
  readonly body: AsyncIterable<Uint8Array>;
  /** How many findings it holds, where that was said before the first of them. */
  readonly findings: number | undefined;
}

export interface ApiClient {
  /** Throws ApiError for what the service refused, UnavailableError when it cannot be reached, `signal`'s reason when aborted. */
  call<N extends Exclude<RouteName, 'exportReport' | 'watchJob'>>(
    name: N,
    input: Input<N>,
    signal: AbortSignal,
  ): Promise<Answer<N>>;
  /** Resolves when the report begins; throws like `call`. One too large to stream is built first: `onBuilding` is told, once. */
  exportReport(input: Input<'exportReport'>, signal: AbortSignal, onBuilding?: () => void): Promise<Report>;
  /** Resolves when the answer begins; throws like `call`, after one try: who follows a job can also ask for it. */
  watchJob(input: Input<'watchJob'>, signal: AbortSignal): Promise<AsyncIterable<WatchedJob>>;
}

/**
 * Whether a call whose answer was lost is made again. A submit always carries an idempotency key; an upload nobody uses expires; cancelling twice is cancelling,
 * deleting likewise; a link is made or found. A retry made again would be refused, as the job runs already: better to say that its answer
 * was lost. Who watches has better to do than to wait for it.
 */
const REPEATABLE: Record<RouteName, boolean> = {
  submitJob: true,
  createUpload: true,
  listJobs: true,
  getJob: true,
  cancelJob: true,
  retryJob: false,
  deleteJob: true,
  watchJob: false,
  getTimeline: true,
  getFindings: true,
  getCoverage: true,
  exportReport: true,
  listScanners: true,
  getStats: true,
  reportLink: true,
  getEvidence: true,
  listDeadLetters: true,
  redriveDeadLetters: false,
  getQueue: true,
  getOpenapi: true,
  getHealth: true,
};

/** Longer than the function that builds it may run: 15 minutes (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
const LONGEST_BUILD_SECONDS = 1_200;

export function apiClient(deps: ApiClientDeps): ApiClient {
  const ask = <T>(name: RouteName, input: AnyInput, signal: AbortSignal, read: Parameters<typeof exchange<T>>[3]) => {
    const operation = () => exchange(deps, requestOf(name, input), signal, read);
    return REPEATABLE[name] ? retrying(deps, signal, operation) : operation();
  };
  return {
    call: (name, input, signal) =>
      ask(name, name === 'submitJob' ? withIdempotencyKey(input) : input, signal, (response) =>
        readAnswer(name, response),
      ),
    watchJob: (input, signal) =>
      ask('watchJob', input, signal, async (response) => {
        const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
        if (!isStream && response.status !== 204) throw unexpected(response.status);
        return watchedJobs(response, signal);
      }),
    async exportReport(input, signal, onBuilding = () => undefined) {
      const format = input.query?.format ?? 'json';
      for (let waitedSeconds = 0; waitedSeconds < LONGEST_BUILD_SECONDS; ) {
        const opened = await ask('exportReport', input, signal, (response, within) =>
          openReport(response, format, within),
        );
        if ('body' in opened) return opened;
        if (waitedSeconds === 0) onBuilding();
        await deps.sleep(opened.retryAfterSeconds * 1_000, signal);
        waitedSeconds += opened.retryAfterSeconds;
      }
      throw new UnavailableError('report_not_built', 'the report was not built in time; try again');
    },
  };
}

interface AnyInput {
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A key of this call's own where its caller gave none: every repeat of it carries the same. */
function withIdempotencyKey(input: AnyInput): AnyInput {
  const { body, headers = {} } = input;
  const isGiven =
    HEADERS.idempotencyKey in headers || (typeof body === 'object' && body !== null && 'idempotencyKey' in body);
  return isGiven ? input : { ...input, headers: { ...headers, [HEADERS.idempotencyKey]: randomUUID() } };
}

function requestOf(name: RouteName, { path = {}, query = {}, body, headers = {} }: AnyInput): Request {
  const { method, path: template } = routes[name];
  return {
    method,
    path: template.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(String(path[key]))),
    query,
    headers,
    body,
  };
}

async function readAnswer<N extends RouteName>(name: N, response: Response): Promise<Answer<N>> {
  const responses: Readonly<Record<number, z.ZodType | undefined>> = routes[name].responses;
  const parsed = responses[response.status]?.safeParse(parseJson(await response.text()));
  // The schema is the route's own, which the type was made from; only the compiler cannot follow it through the table.
  if (parsed?.success) return parsed.data as Answer<N>;
  const where = parsed?.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw unexpected(response.status, where ? ` (${where})` : '');
}

const unexpected = (status: number, where = ''): CorruptError =>
  new CorruptError(
    'unexpected_answer',
    `the service answered ${status} with something else than scanfleet does${where}; is it another version, or another service?`,
  );

/** What answers a request for a report: its beginning, or how long to wait for it. */
async function openReport(
  response: Response,
  format: ReportFormat,
  signal: AbortSignal,
): Promise<Report | { readonly retryAfterSeconds: number }> {
  if (response.status === 202) {
    const link = await readAnswer('exportReport', response);
    return { retryAfterSeconds: link.status === 'building' ? link.retryAfterSeconds : 1 };
  }
  // One too large to stream is pointed to: a presigned link, fetched as it is.
  const location = response.status === 303 ? response.headers.get('location') : null;
  const document = location === null ? response : await fetch(new URL(location, response.url), { signal });
  if (document.status !== 200 || document.body === null)
    throw new UnavailableError('report_not_sent', `the report could not be fetched: HTTP ${document.status}`);
  const count = response.headers.get(HEADERS.findings);
  const findings = count === null ? undefined : Number(count);
  return { body: wholeReport(document.body, format, findings), findings };
}
