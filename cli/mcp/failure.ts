/** What went wrong, as a tool's result: in words, with the fields that are to blame, and with what to do next. Pure. */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { ForbiddenError, ScanfleetError, ValidationError } from '#shared/errors.ts';
import { ApiError } from '../api-error.ts';
import { harmless } from './harmless.ts';
import { fieldName } from './words.ts';

/** By the error's stable code. */
const NEXT: Readonly<Record<string, string>> = {
  invalid_request: 'correct what is named here and call again',
  job_not_found: 'check the task_id; list_tasks lists the scans there are',
  job_not_finished:
    'call get_scan_status until status is completed, failed, timed_out or cancelled, then call this again',
  job_state: 'it has ended, so there is nothing to cancel; get_scan_results gives what was found',
  target_denied: 'leave the targets named here out; only the operator of the service can allow them',
  idempotency_key_reused: 'this key stands for another scan; send that request unchanged, or choose a new key',
  quota_exceeded: 'wait until a scan has ended, or cancel one; list_tasks shows them',
  request_too_large: 'name fewer targets, or a CIDR in place of its addresses',
  report_building: 'call again in a minute, or ask for a higher severity or a smaller profile',
  no_endpoint: 'ask the user to start the service or to name one, then call again; scans that were accepted are kept',
  unreachable: 'ask the user to start the service, then call again; scans that were accepted are kept',
  no_credentials: 'ask the user to log in to AWS, then call again',
};

/** A thousand targets can be wrong, each in the same way. */
const MAX_FIELDS = 20;

const NOT_ALLOWED = 'ask the user: these credentials may not do this';
const AGAIN = 'call again in a moment';
const GIVE_UP = 'tell the user; the same call again will not help';

function nextStep(error: unknown): string {
  if (!(error instanceof ScanfleetError)) return GIVE_UP;
  if (error instanceof ApiError && error.retryAfterSeconds !== undefined)
    return `wait ${error.retryAfterSeconds} s, then call again`;
  const known = Object.hasOwn(NEXT, error.code) ? NEXT[error.code] : undefined;
  if (known !== undefined) return known;
  if (error instanceof ApiError && error.status === 403) return NOT_ALLOWED;
  return error.retryable ? AGAIN : GIVE_UP;
}

export function failureResult(error: unknown): CallToolResult {
  const text = [...whatHappened(error), `Next: ${nextStep(error)}.`].join('\n');
  return { isError: true, content: [{ type: 'text', text: String(harmless(text)) }] };
}

function whatHappened(error: unknown): string[] {
  if (!(error instanceof ScanfleetError))
    return [`An unexpected error: ${error instanceof Error ? error.message : String(error)}`];
  const errors = fieldsOf(error);
  const fields = errors.slice(0, MAX_FIELDS).map(({ field, message }) => `- ${fieldName(field)}: ${message}`);
  if (errors.length > MAX_FIELDS) fields.push(`- and ${errors.length - MAX_FIELDS} more`);
  // A ValidationError's own message is the list of its fields.
  const summary = error instanceof ValidationError ? 'The request cannot be used' : error.message;
  return [`${summary} (${error.code})`, ...fields];
}

const fieldsOf = (error: ScanfleetError) =>
  error instanceof ValidationError || error instanceof ForbiddenError || error instanceof ApiError ? error.errors : [];
