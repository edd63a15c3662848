/** `scanfleet cancel JOB_ID`: nothing queued will run, what runs is stopped. */
import type { Command } from 'commander';
import type { JobView } from '#shared/contracts/job.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { followWithProgress } from '../follow.ts';
import { amount } from '../job-view.ts';
import { jobId } from '../option-values.ts';

interface CancelOptions extends ConnectionOptions {
  readonly wait?: true;
}

const HELP = `
Examples:
  $ scanfleet cancel 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f --wait`;

export function define(command: Command): void {
  command
    .description(
      'Cancel a job, and all that followed from it: what is queued never runs, what runs is stopped, what was found is kept.',
    )
    .argument('<job-id>', 'the job', jobId)
    .option('--wait', 'wait until everything has stopped');
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [id] = command.processedArgs as [string];
  const options = command.opts<CancelOptions>();
  const client = await connect(context, options);
  let job = await client.call('cancelJob', { path: { jobId: id } }, context.signal);
  if (options.wait) job = await followWithProgress(context, client, job);
  if (options.json) context.output.json(job);
  else context.output.line(`${job.jobId} ${job.status}${followed(job)}`);
  return EXIT.ok;
}

/** A first job can have ended long before what followed from it. */
const followed = ({ followUps }: JobView): string =>
  followUps === undefined ? '' : `, ${amount(followUps.jobs.length, 'follow-up')} cancelled or ended`;
