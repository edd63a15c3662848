/** Faults as HTTP: the one place where an error of ours becomes a status and an RFC 9457 problem. */
import type { Problem } from '#shared/contracts/problem.ts';
import {
  ConflictError,
  type FieldError,
  ForbiddenError,
  LimitError,
  NotFoundError,
  ScanfleetError,
  SchemaVersionError,
  TooLargeError,
  UnavailableError,
  ValidationError,
} from '#shared/errors.ts';

const STATUS_OF: readonly (readonly [abstract new (...args: never[]) => ScanfleetError, number])[] = [
  [ValidationError, 400],
  [ForbiddenError, 403],
  [NotFoundError, 404],
  [ConflictError, 409],
  [TooLargeError, 413],
  [LimitError, 429],
  [SchemaVersionError, 500],
  [UnavailableError, 503],
];

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** Field errors an answer lists; a request with more gets the count of the rest. */
const MAX_ERRORS = 100;
/** What a caller waits before trying again when a service behind us is in trouble. */
const UNAVAILABLE_RETRY_SECONDS = 2;

export interface ProblemAnswer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
}

/** Never throws. What is not a fault we name says nothing of itself: its cause is in the log, under `requestId`. */
export function problemOf(error: unknown, requestId: string): ProblemAnswer {
  const status = STATUS_OF.find(([kind]) => error instanceof kind)?.[1];
  if (status === undefined || !(error instanceof ScanfleetError))
    return {
      problem: problem(500, 'internal_error', 'The log holds the cause under the requestId.', requestId),
      headers: {},
    };
  const errors = error instanceof ValidationError || error instanceof ForbiddenError ? error.errors : [];
  const detail = error instanceof ValidationError ? summaryOf(errors) : error.message;
  return {
    problem: {
      ...problem(status, error.code, detail, requestId),
      ...(errors.length > 0 ? { errors: shortened(errors) } : {}),
    },
    headers: retryAfter(error),
  };
}

const problem = (status: number, code: string, detail: string, requestId: string): Problem => ({
  type: 'about:blank',
  title: TITLES[status] ?? 'Error',
  status,
  code,
  detail,
  requestId,
});

const summaryOf = (errors: readonly FieldError[]): string =>
  errors.length === 1 ? `${errors[0]?.field} ${errors[0]?.message}` : `${errors.length} fields cannot be used`;

function shortened(errors: readonly FieldError[]): FieldError[] {
  const shown = errors.slice(0, MAX_ERRORS).map(({ field, message }) => ({ field, message }));
  const rest = errors.length - shown.length;
  return rest === 0 ? shown : [...shown, { field: 'errors', message: `and ${rest} more` }];
}

function retryAfter(error: ScanfleetError): Record<string, string> {
  if (error instanceof LimitError) return { 'Retry-After': String(Math.max(1, Math.ceil(error.retryAfterSeconds))) };
  if (error instanceof UnavailableError) return { 'Retry-After': String(UNAVAILABLE_RETRY_SECONDS) };
  return {};
}
