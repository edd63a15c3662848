/** `scanfleet status JOB_ID`: one job, once or until its end. */
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode, exitCodeOfVerdict } from '../exit-codes.ts';
import { follow, followWithProgress } from '../follow.ts';
import { showJob, wholeVerdict } from '../job-view.ts';
import { jobId } from '../option-values.ts';

interface StatusOptions extends ConnectionOptions {
  readonly watch?: true;
  readonly exitVerdict?: true;
}

const HELP = `
Examples:
  $ scanfleet status 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f
  $ scanfleet status 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f --watch --exit-verdict
  $ scanfleet status 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f --watch --json    (NDJSON: a line at each change)`;

export function define(command: Command): void {
  command
    .argument('<job-id>', 'the job', jobId)
    .option('-w, --watch', 'follow the job until it ends')
    .option('--exit-verdict', 'exit with the verdict: 0 clean, 10 findings, 11 incomplete, 12 none');
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [id] = command.processedArgs as [string];
  const options = command.opts<StatusOptions>();
  const { output, signal } = context;
  const client = await connect(context, options);
  let job = await client.call('getJob', { path: { jobId: id } }, signal);
  if (options.watch && options.json) job = await follow(context, client, job, (changed) => output.json(changed));
  else if (options.watch) job = await followWithProgress(context, client, job);
  if (!options.json) showJob(output, job);
  else if (!options.watch) output.json(job);
  return options.exitVerdict ? exitCodeOfVerdict(wholeVerdict(job)) : EXIT.ok;
}
