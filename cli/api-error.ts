/** What the service answered when it refused, as an error. */
import type { Problem } from '#shared/contracts/problem.ts';
import { type FieldError, ScanfleetError } from '#shared/errors.ts';

interface Refusal extends Pick<Problem, 'status' | 'code' | 'errors'> {
  readonly message: string;
  readonly requestId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/** A 4xx or 5xx answer. `code`, `errors` and `requestId` are the problem document's (RFC 9457); `http_<status>` when there was none. */
export class ApiError extends ScanfleetError {
  readonly status: number;
  /** Each field that was wrong, as in `scanners.0.options.ports`. */
  readonly errors: readonly FieldError[];
  /** What the service's logs know the request by. */
  readonly requestId: string | undefined;
  /** When the service said so: how long to wait before asking again. */
  readonly retryAfterSeconds: number | undefined;

  constructor({ status, code, message, errors = [], requestId, retryAfterSeconds }: Refusal) {
    super(code, message, { retryable: status === 429 || status >= 500 });
    this.status = status;
    this.errors = errors;
    this.requestId = requestId;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
