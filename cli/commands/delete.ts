/** `scanfleet delete JOB_ID`: a job that has ended, and all that it left. */
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { jobId } from '../option-values.ts';

const HELP = `
Examples:
  $ scanfleet delete 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f`;

export function define(command: Command): void {
  command
    .description('Delete a job that has ended: its records, findings and reports. This cannot be undone.')
    .argument('<job-id>', 'the job', jobId);
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [id] = command.processedArgs as [string];
  const options = command.opts<ConnectionOptions>();
  const client = await connect(context, options);
  await client.call('deleteJob', { path: { jobId: id } }, context.signal);
  if (options.json) context.output.json({ jobId: id, deleted: true });
  else context.output.line(`${id} deleted`);
  return EXIT.ok;
}
