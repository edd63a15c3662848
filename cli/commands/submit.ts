/** `scanfleet submit`: a new job, from options or a file. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { ScanfleetError } from '#shared/errors.ts';
import { HEADERS } from '#shared/names.ts';
import type { ApiClient } from '../api-client.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode, exitCodeOfVerdict } from '../exit-codes.ts';
import { followWithProgress } from '../follow.ts';
import { amount, showJob, wholeVerdict } from '../job-view.ts';
import { addRequestOptions } from '../request-options.ts';
import { readRequest, type SubmitBody, type SubmitOptions } from '../submit-request.ts';

const HELP = `
Options that --file gives too are taken from the command line.

Examples:
  $ scanfleet submit 127.0.0.1 --scanner nmap --option ports=1-1024 --option serviceDetection=true --wait
  $ scanfleet submit --targets-file hosts.txt --scanner nmap --options '{"topPorts":100}' --project shop
  $ scanfleet submit 127.0.0.1 --recipe web --wait
  $ jq -n '{targets:["203.0.113.7"],scanners:[{name:"nmap"}]}' | scanfleet submit --file - --json`;

interface Options extends SubmitOptions, ConnectionOptions {
  readonly idempotencyKey?: string;
  readonly wait?: true;
}

export function define(command: Command): void {
  addRequestOptions(command.argument('[targets...]', 'host names, addresses, CIDRs or URLs'));
  command
    .option('--idempotency-key <key>', 'the same key and request never make a second job')
    .option('--wait', 'follow it to its end; exit with the verdict: 0 clean, 10 findings, 11 incomplete, 12 none');
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [targets] = command.processedArgs as [string[]];
  const options = command.opts<Options>();
  const { output } = context;
  const request = await readRequest(context, targets, options);
  const client = await connect(context, options);
  const job = await submit(context, client, request, options.idempotencyKey);
  if (!options.wait) {
    if (options.json) output.json(job);
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
  if (options.json) output.json(ended);
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
