/** Makes a job and says so, or with `wait` what became of it. */
import { randomUUID } from 'node:crypto';
import { ScanfleetError } from '#shared/errors.ts';
import { HEADERS } from '#shared/names.ts';
import type { ApiClient } from './api-client.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode, exitCodeOfVerdict } from './exit-codes.ts';
import { followWithProgress } from './follow.ts';
import { amount, showJob, wholeVerdict } from './job-view.ts';
import type { SubmitBody } from './submit-request.ts';

interface Telling {
  readonly idempotencyKey?: string;
  readonly wait?: true;
  readonly json?: true;
}

export async function submitAndTell(
  context: Context,
  client: ApiClient,
  request: SubmitBody,
  { idempotencyKey, wait, json }: Telling,
): Promise<ExitCode> {
  const { output } = context;
  const job = await submit(context, client, request, idempotencyKey);
  if (!wait) {
    if (json) output.json(job);
    else {
      output.line(job.jobId);
      output.message(
        `${amount(job.tasks.total, 'task')}, ${job.queuePosition} before it. To follow: scanfleet status ${job.jobId} --watch`,
      );
    }
    return EXIT.ok;
  }
  output.message(`Job ${job.jobId}`);
  const ended = await followWithProgress(context, client, job);
  if (json) output.json(ended);
  else {
    showJob(output, ended);
    output.message(`The findings: scanfleet report ${job.jobId}${ended.followUps ? ' --tree' : ''}`);
  }
  return exitCodeOfVerdict(wholeVerdict(ended));
}

async function submit({ output, signal }: Context, client: ApiClient, body: SubmitBody, givenKey?: string) {
  const key = givenKey ?? body.idempotencyKey ?? randomUUID();
  try {
    return await client.call('submitJob', { body, headers: { [HEADERS.idempotencyKey]: key } }, signal);
  } catch (error) {
    if (error instanceof ScanfleetError && error.retryable)
      output.message(`To submit it again and never make it twice, add: --idempotency-key ${key}`);
    throw error;
  }
}
