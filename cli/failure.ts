/** What went wrong, told to people or programs, and the exit code for it. */
import type { CommanderError } from 'commander';
import { type FieldError, ForbiddenError, ScanfleetError, ValidationError } from '#shared/errors.ts';
import { ApiError } from './api-error.ts';
import { type Context, InterruptedError } from './context.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { BrokenPipeError, type Messages } from './output.ts';
import { printableJson } from './terminal-text.ts';

/** A command line that cannot be understood. */
class UsageError extends ScanfleetError {
  constructor(cause: CommanderError) {
    super('usage', cause.message.replace(/^error: /, ''), { cause });
  }
}

/** Says on stderr why a command ended, with `json` as one JSON document. Nothing for a reader who left or a user who pressed Ctrl-C. */
export function tellFailure({ output, signal }: Told, thrown: unknown, json: boolean): ExitCode {
  const error: unknown = signal.aborted ? signal.reason : thrown;
  if (error instanceof BrokenPipeError) return EXIT.brokenPipe;
  if (error instanceof InterruptedError) return error.exitCode;
  return tell(output, error, exitCodeOf(error), json);
}

/** The same for what commander throws: a command line it cannot read, or its way of ending once it has shown help or the version. */
export function tellUsage({ output }: Told, thrown: CommanderError, json: boolean): ExitCode {
  if (thrown.exitCode === 0) return EXIT.ok;
  if (thrown.code === 'commander.help') return EXIT.usage;
  return tell(output, new UsageError(thrown), EXIT.usage, json);
}

type Told = Pick<Context, 'output' | 'signal'>;

function tell(output: Messages, error: unknown, exitCode: ExitCode, json: boolean): ExitCode {
  if (json) output.message(printableJson(JSON.stringify({ error: describe(error), exitCode })));
  else linesOf(error).forEach(output.message);
  return exitCode;
}

const fieldsOf = (error: unknown): readonly FieldError[] =>
  error instanceof ValidationError || error instanceof ForbiddenError || error instanceof ApiError ? error.errors : [];

function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof ScanfleetError)) return { code: 'unexpected', message: messageOf(error) };
  const errors = fieldsOf(error);
  return {
    code: error.code,
    message: error.message,
    retryable: error.retryable,
    ...(errors.length > 0 ? { errors } : {}),
    ...(error instanceof ApiError ? { status: error.status, requestId: error.requestId } : {}),
  };
}

function linesOf(error: unknown): string[] {
  if (error instanceof ValidationError)
    return error.errors.map(({ field, message }) => `scanfleet: ${field} ${message}`);
  if (error instanceof UsageError) return [...`scanfleet: ${error.message}`.split('\n'), '(--help tells more)'];
  if (error instanceof ScanfleetError)
    return [
      `scanfleet: ${error.message}${error instanceof ApiError ? ` (${error.code})` : ''}`,
      ...fieldsOf(error).map(({ field, message }) => `  ${field} ${message}`),
      ...(error instanceof ApiError && error.requestId ? [`  request id ${error.requestId}`] : []),
    ];
  // The system's own errors say all there is; the rest is a fault of this program's, which its authors need the place of.
  if (error instanceof Error && 'syscall' in error) return [`scanfleet: ${error.message}`];
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return ['scanfleet: an unexpected error; please report it:', ...stack.split('\n')];
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
