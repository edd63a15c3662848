/**
 * What a command's exit code says. Stable: scripts branch on these numbers; docs/cli.md lists them. 1 and 2 mean what they mean
 * elsewhere; verdicts start at 10, so that no fault is ever taken for one; above 128 is the shell's own "ended by signal".
 */
import {
  ConflictError,
  ForbiddenError,
  LimitError,
  NotFoundError,
  TooLargeError,
  UnavailableError,
  ValidationError,
} from '#shared/errors.ts';
import type { Verdict } from '#shared/finding/coverage.ts';
import { ApiError } from './api-error.ts';

export const EXIT = {
  ok: 0,
  /** Something this program did not foresee. */
  unexpected: 1,
  /** The command line, a file it names or the request is wrong: nothing was done. */
  usage: 2,
  /** Not allowed, no credentials, or not there. */
  refused: 3,
  /** The job's state, or an idempotency key's first use, forbids it. */
  conflict: 4,
  /** A rate or quota is used up. */
  limit: 5,
  /** The service could not be reached or could not answer, or an answer was cut. Trying again can help. */
  unavailable: 6,
  /** A scanner's output was cut or could not be read to its end (`parse`): what could be read was delivered. */
  partial: 7,
  /** Evidence is not what was signed: a file was changed, is missing or was added, or the signature is another's (`verify`). */
  unverified: 8,
  findings: 10,
  incomplete: 11,
  noVerdict: 12,
  /** 128 + SIGHUP. */
  hungUp: 129,
  /** 128 + SIGINT. */
  interrupted: 130,
  /** 128 + SIGPIPE: the reader of our output went away. */
  brokenPipe: 141,
  /** 128 + SIGTERM. */
  terminated: 143,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_VERDICT: Record<Verdict, ExitCode> = {
  clean: EXIT.ok,
  findings: EXIT.findings,
  incomplete: EXIT.incomplete,
  no_verdict: EXIT.noVerdict,
};

/** For `--wait` and `--exit-verdict`: 0 is said of a clean job only; one that has not ended has no verdict. */
export const exitCodeOfVerdict = (verdict: Verdict | null): ExitCode => BY_VERDICT[verdict ?? 'no_verdict'];

const BY_STATUS: Readonly<Record<number, ExitCode>> = {
  400: EXIT.usage,
  401: EXIT.refused,
  403: EXIT.refused,
  404: EXIT.refused,
  409: EXIT.conflict,
  413: EXIT.usage,
  429: EXIT.limit,
};

const BY_CLASS: readonly [new (...args: never[]) => Error, ExitCode][] = [
  [ValidationError, EXIT.usage],
  [TooLargeError, EXIT.usage],
  [ForbiddenError, EXIT.refused],
  [NotFoundError, EXIT.refused],
  [ConflictError, EXIT.conflict],
  [LimitError, EXIT.limit],
  [UnavailableError, EXIT.unavailable],
];

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ApiError)
    return BY_STATUS[error.status] ?? (error.status >= 500 ? EXIT.unavailable : EXIT.unexpected);
  return BY_CLASS.find(([kind]) => error instanceof kind)?.[1] ?? EXIT.unexpected;
}
