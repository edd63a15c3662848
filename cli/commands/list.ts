/** `scanfleet list`: one's own jobs, newest first. */
import { type Command, Option } from 'commander';
import type { ListJobsQuery, ListJobsResponse } from '#shared/contracts/list-jobs.ts';
import { SEVERITIES } from '#shared/finding/severity.ts';
import { SCANNER_NAMES } from '#shared/scanner/definition.ts';
import { STATUSES } from '#shared/status.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { shortTime, statusCell, verdictCell } from '../job-view.ts';
import { instant, wholeNumber } from '../option-values.ts';
import type { Data } from '../output.ts';
import { pages, writePages } from '../pages.ts';

type Filter = Partial<Omit<ListJobsQuery, 'limit'>>;
interface ListOptions extends Filter, ConnectionOptions {
  readonly limit: number;
  readonly all?: true;
}

/** The most a page can hold (shared/contracts/list-jobs.ts). */
const PAGE = 100;

const HELP = `
Examples:
  $ scanfleet list --status running
  $ scanfleet list --from 24h --min-severity high
  $ scanfleet list --all --json | jq -r '.jobs[].jobId'`;

export function define(command: Command): void {
  const time = (text: string) => instant(text, new Date());
  command
    .addOption(new Option('--status <status>', 'in this state').choices(STATUSES))
    .addOption(new Option('--scanner <name>', 'with this scanner').choices(SCANNER_NAMES))
    .option('--target <target>', 'with this target, as submitted')
    .option('--project <name>', 'of this project')
    .option('--from <time>', 'created at or after: a date, a time, or how long ago, as in 24h', time)
    .option('--to <time>', 'created before', time)
    .addOption(new Option('--min-severity <severity>', 'ended, with a finding as severe as this').choices(SEVERITIES))
    .option('-n, --limit <number>', 'show at most so many', wholeNumber, 20)
    .option('--all', 'show all')
    .option('--cursor <cursor>', 'go on where an earlier list ended (its nextCursor)');
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const { status, scanner, target, project, from, to, minSeverity, cursor, ...options } = command.opts<ListOptions>();
  const client = await connect(context, options);
  const filter = { status, scanner, target, project, from, to, minSeverity };
  const wanted = options.all ? Number.POSITIVE_INFINITY : options.limit;
  const found = pages(
    (cursor, left) =>
      client.call('listJobs', { query: { ...filter, cursor, limit: Math.min(PAGE, left) } }, context.signal),
    jobsOf,
    { wanted, cursor },
  );
  if (options.json) await writePages(context.output, 'jobs', found, jobsOf);
  else await writeTable(context.output, found);
  return EXIT.ok;
}

const jobsOf = ({ jobs }: ListJobsResponse) => jobs;

const COLUMNS = [
  { title: 'JOB', atLeast: 36 },
  { title: 'CREATED', atLeast: 20 },
  { title: 'STATUS', atLeast: 10 },
  { title: 'VERDICT', atLeast: 10 },
  { title: 'DONE' },
  { title: 'FINDINGS' },
  { title: 'SCANNERS' },
  { title: 'NAME' },
];

async function writeTable(data: Data, found: AsyncIterable<ListJobsResponse>): Promise<void> {
  const table = data.table(COLUMNS);
  for await (const { jobs } of found)
    table.add(
      jobs.map((job) => [
        job.jobId,
        shortTime(job.createdAt),
        statusCell(job.status),
        verdictCell(job.verdict),
        `${Math.floor(job.percent)}%`,
        String(job.findings + job.partialFindings),
        job.scanners.join(','),
        job.name ?? '',
      ]),
    );
}
