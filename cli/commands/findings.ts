/** `scanfleet findings JOB_ID`: what a job found, also while it runs. */
import { type Command, Option } from 'commander';
import type { FindingsResponse } from '#shared/contracts/findings.ts';
import { SEVERITIES, type Severity } from '#shared/finding/severity.ts';
import { PROFILES, type Profile } from '#shared/report/profile.ts';
import { addConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { FINDING_COLUMNS, findingCells } from '../findings-table.ts';
import { addRowsOptions, type RowsOptions, showRows } from '../job-rows.ts';
import { jobId } from '../option-values.ts';

interface FindingsOptions extends RowsOptions {
  readonly severity?: Severity;
  readonly profile?: Profile;
}

const HELP = `
Examples:
  $ scanfleet findings 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f --severity high
  $ scanfleet findings 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f --all --json | jq -r '.rule // empty'`;

export function define(command: Command): void {
  command
    .description('Show what a job found, in order of its tasks; while it runs, what those that have ended found.')
    .argument('<job-id>', 'the job', jobId)
    .addOption(new Option('--severity <severity>', 'the least severe to show').choices(SEVERITIES))
    .addOption(
      new Option('--profile <profile>', "with --json: how much of a finding; the job's own when absent").choices(
        PROFILES,
      ),
    );
  addConnectionOptions(addRowsOptions(command)).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [id] = command.processedArgs as [string];
  const { severity, ...options } = command.opts<FindingsOptions>();
  const profile = options.json ? options.profile : 'summary';
  const client = await connect(context, options);
  await showRows(context.output, options, {
    ask: (page) =>
      client.call('getFindings', { path: { jobId: id }, query: { severity, profile, ...page } }, context.signal),
    rowsOf: ({ findings }: FindingsResponse) => findings,
    columns: FINDING_COLUMNS,
    cellsOf: findingCells,
    none: 'No findings.',
  });
  return EXIT.ok;
}
