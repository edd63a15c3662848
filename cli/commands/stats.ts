/** `scanfleet stats`: how one's own jobs went, by day and scanner. */
import type { Command } from 'commander';
import type { FiguresView, StatsResponse } from '#shared/contracts/stats.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { dollars } from '../money.ts';
import { instant } from '../option-values.ts';
import type { Data } from '../output.ts';

interface StatsOptions extends ConnectionOptions {
  readonly from?: string;
  readonly to?: string;
}

const HELP = `
Examples:
  $ scanfleet stats
  $ scanfleet stats --from 7d
  $ scanfleet stats --from 2026-01-01 --to 2026-01-31 --json | jq '.scanners[] | {scanner, completionRate}'`;

export function define(command: Command): void {
  const day = (text: string) => instant(text, new Date()).slice(0, 10);
  command
    .option('--from <day>', 'the first day (UTC), or how long ago, as in 7d; 30 days in all when absent', day)
    .option('--to <day>', 'the last day; today when absent', day);
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const { from, to, ...options } = command.opts<StatsOptions>();
  const client = await connect(context, options);
  const stats = await client.call('getStats', { query: { from, to } }, context.signal);
  if (options.json) context.output.json(stats);
  else writeTable(context.output, stats);
  return EXIT.ok;
}

const COLUMNS = [
  { title: 'DAY' },
  { title: 'SCANNER' },
  { title: 'JOBS' },
  { title: 'TASKS' },
  { title: 'COMPLETED' },
  { title: 'AVERAGE' },
  { title: 'FINDINGS' },
  { title: 'RUN AGAIN' },
  { title: 'LEASES LOST' },
  { title: 'HOST BUSY' },
  { title: 'CANCELS' },
  { title: 'USD' },
];

/** Each day, then all of them. */
function writeTable(data: Data, { days, scanners }: StatsResponse): void {
  data
    .table(COLUMNS)
    .add([
      ...days.map(({ day, scanner, ...figures }) => [day, scanner, ...cellsOf(figures)]),
      ...scanners.map(({ scanner, ...figures }) => ['all', scanner, ...cellsOf(figures)]),
    ]);
}

const cellsOf = (figures: FiguresView): string[] => {
  const { jobs, tasks, completionRate, averageDurationMs, findings, runsAgain, leasesLost, hostBusy } = figures;
  const { requested, forced } = figures.cancellations;
  return [
    String(jobs),
    String(tasks.completed + tasks.failed + tasks.timedOut + tasks.cancelled),
    completionRate === null ? '-' : `${Math.floor(completionRate * 1_000) / 10}%`,
    averageDurationMs === null ? '-' : `${(averageDurationMs / 1_000).toFixed(1)} s`,
    String(findings),
    String(runsAgain),
    String(leasesLost),
    String(hostBusy),
    forced === 0 ? String(requested) : `${requested} (${forced} forced)`,
    dollars(figures.usage.costUsd),
  ];
};
