/** `scanfleet coverage JOB_ID`: what happened to each target of a job. */
import { type Command, Option } from 'commander';
import type { CoverageResponse, CoverageView } from '#shared/contracts/coverage.ts';
import { COVERAGE_STATUSES, type CoverageStatus } from '#shared/finding/coverage.ts';
import { addConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { addRowsOptions, type RowsOptions, showRows } from '../job-rows.ts';
import { jobId } from '../option-values.ts';
import type { Cell, Tone } from '../output.ts';

interface CoverageOptions extends RowsOptions {
  readonly status?: CoverageStatus;
}

const HELP = `
Examples:
  $ scanfleet coverage 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f
  $ scanfleet coverage 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f --status not_scanned --all`;

export function define(command: Command): void {
  command
    .description('Show what happened to each target of a job; while it runs, to those of the tasks that have ended.')
    .argument('<job-id>', 'the job', jobId)
    .addOption(new Option('--status <status>', 'only what ended so').choices(COVERAGE_STATUSES));
  addConnectionOptions(addRowsOptions(command)).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [id] = command.processedArgs as [string];
  const { status, ...options } = command.opts<CoverageOptions>();
  const client = await connect(context, options);
  await showRows(context.output, options, {
    ask: (page) => client.call('getCoverage', { path: { jobId: id }, query: { status, ...page } }, context.signal),
    rowsOf: ({ coverage }: CoverageResponse) => coverage,
    columns: COLUMNS,
    cellsOf,
    none: 'No targets.',
  });
  return EXIT.ok;
}

const COLUMNS = [
  { title: 'STATUS', atLeast: 11 },
  { title: 'HOST', atLeast: 15 },
  { title: 'OF' },
  { title: 'SCANNER' },
  { title: 'WHY' },
];

const TONES: Readonly<Record<CoverageStatus, Tone>> = {
  reached: 'good',
  down: 'quiet',
  unresolved: 'warning',
  denied: 'warning',
  timed_out: 'warning',
  not_scanned: 'warning',
};

const cellsOf = ({ status, host, target, scanner, reason }: CoverageView): readonly Cell[] => [
  { text: status, tone: TONES[status] },
  host,
  target === host ? '-' : target,
  scanner,
  reason ?? '',
];
