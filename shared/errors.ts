/**
 * The faults this service can name. Each class carries a stable `code` (for programs), a message (for people) and whether
 * trying again can help. They are mapped once each: to HTTP in functions/middleware/http.ts, to batch failures in
 * functions/middleware/sqs.ts, to exit codes in cli/exit-codes.ts.
 */

/** One thing wrong with one input: which field, what was wrong and what is allowed. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export abstract class ScanfleetError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  constructor(code: string, message: string, options: ErrorOptions & { retryable?: boolean } = {}) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** Input that cannot be used. `errors` names every field at once, so that a caller mends them in one go. */
export class ValidationError extends ScanfleetError {
  readonly errors: readonly FieldError[];
  constructor(errors: readonly FieldError[], options?: ErrorOptions) {
    super('invalid_request', errors.map((e) => `${e.field} ${e.message}`).join('; '), options);
    this.errors = errors;
  }
}

/** The caller, or one of the targets, is not allowed. */
export class ForbiddenError extends ScanfleetError {
  readonly errors: readonly FieldError[];
  constructor(code: string, message: string, errors: readonly FieldError[] = [], options?: ErrorOptions) {
    super(code, message, options);
    this.errors = errors;
  }
}

/** Not there, or not the caller's: the two read the same. */
export class NotFoundError extends ScanfleetError {}

/** The state forbids it; for a caller to read the state again and decide. */
export class ConflictError extends ScanfleetError {}

export class TooLargeError extends ScanfleetError {}

/** A rate or quota is used up for now. */
export class LimitError extends ScanfleetError {
  readonly retryAfterSeconds: number;
  constructor(code: string, message: string, retryAfterSeconds: number, options?: ErrorOptions) {
    super(code, message, { ...options, retryable: true });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A service we depend on did not do its part (throttled, timed out, unreachable) after our own retries. */
export class UnavailableError extends ScanfleetError {
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, message, { ...options, retryable: true });
  }
}

/** A stored item was written by a newer version of scanfleet than this one, or the table is not as this one needs it. */
export class SchemaVersionError extends ScanfleetError {}

/** A stored or received record is not what it must be. */
export class CorruptError extends ScanfleetError {}
