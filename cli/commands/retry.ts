/** `scanfleet retry JOB_ID`: what a failed or timed out job did not complete runs again. */
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode, exitCodeOfVerdict } from '../exit-codes.ts';
import { followWithProgress } from '../follow.ts';
import { showJob, wholeVerdict } from '../job-view.ts';
import { comingInstant, dollarAmount, jobId } from '../option-values.ts';
import { windowOf } from '../submit-request.ts';

interface RetryOptions extends ConnectionOptions {
  readonly wait?: true;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly maxCost?: number;
}

const HELP = `
Examples:
  $ scanfleet retry 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f --wait
  $ scanfleet retry 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f --not-before 22h --not-after 23h`;

export function define(command: Command): void {
  const coming = (text: string) => comingInstant(text, new Date());
  command
    .description('Run again the tasks that a failed or timed out job did not complete. What the others found stays.')
    .argument('<job-id>', 'the job', jobId)
    .option('--not-before <time>', 'in another window: scan nothing earlier; a time, or in how long, as in 2h', coming)
    .option('--not-after <time>', 'scan nothing from then on, and stop what runs', coming)
    .option('--max-cost <usd>', 'with another cap: start no further task once it has cost so much in all', dollarAmount)
    .option('--wait', 'follow the job to its end, and exit with the verdict');
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [id] = command.processedArgs as [string];
  const options = command.opts<RetryOptions>();
  const { output, signal } = context;
  const client = await connect(context, options);
  const [window, maxCostUsd] = [windowOf(options), options.maxCost];
  const body = { ...(window && { window }), ...(maxCostUsd && { maxCostUsd }) };
  const request = { path: { jobId: id }, ...(window || maxCostUsd ? { body } : {}) };
  const job = await client.call('retryJob', request, signal);
  const shown = options.wait ? await followWithProgress(context, client, job) : job;
  if (options.json) output.json(shown);
  else if (options.wait) showJob(output, shown);
  else output.line(`${shown.jobId} ${shown.status}`);
  return options.wait ? exitCodeOfVerdict(wholeVerdict(shown)) : EXIT.ok;
}
