/** `scanfleet report JOB_ID`: the findings as a table, JSON or NDJSON, to stdout or a file. */
import { type Command, Option } from 'commander';
import type { JobView } from '#shared/contracts/job.ts';
import { SEVERITIES, type Severity } from '#shared/finding/severity.ts';
import { REPORT_FORMATS, type ReportFormat } from '#shared/report/format.ts';
import { PROFILES, type Profile } from '#shared/report/profile.ts';
import type { ApiClient } from '../api-client.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode, exitCodeOfVerdict } from '../exit-codes.ts';
import { showFindings, worstFindings } from '../findings-table.ts';
import { showOutcome, wholeVerdict } from '../job-view.ts';
import { jobId } from '../option-values.ts';
import { writeWholeFile } from '../whole-file.ts';

interface ReportOptions extends ConnectionOptions {
  readonly output?: string;
  readonly format?: ReportFormat | 'table';
  readonly profile?: Profile;
  readonly severity?: Severity;
  readonly exitVerdict?: true;
  readonly tree?: true;
}

const HELP = `
On a terminal, without -o, the findings are a table; else the report is JSON.

Examples:
  $ scanfleet report 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f
  $ scanfleet report 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f -o report.json --profile full
  $ scanfleet report 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f --tree -o report.json
  $ scanfleet report 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f --format ndjson --severity high | jq -r '.title // empty'`;

export function define(command: Command): void {
  command
    .argument('<job-id>', 'the job', jobId)
    .option('-o, --output <file>', 'write to this file: it is replaced by the whole report, or left as it is')
    .addOption(new Option('--format <format>', 'the document to get').choices(['table', ...REPORT_FORMATS]))
    .addOption(new Option('--profile <profile>', "how much of a finding; the job's own when absent").choices(PROFILES))
    .addOption(new Option('--severity <severity>', 'the least severe to show').choices(SEVERITIES))
    .option('--tree', 'with all jobs that followed from it, as one report')
    .option('--exit-verdict', 'exit with the verdict: 0 clean, 10 findings, 11 incomplete, 12 none');
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [id] = command.processedArgs as [string];
  const options = command.opts<ReportOptions>();
  const client = await connect(context, options);
  const format = options.format ?? (context.output.terminal && !options.output && !options.json ? 'table' : 'json');
  const ask = () => client.call('getJob', { path: { jobId: id } }, context.signal);
  if (format === 'table') {
    const job = await ask();
    await showTable(context, client, job, options);
    return options.exitVerdict ? exitCodeOfVerdict(verdictOf(job, options)) : EXIT.ok;
  }
  await copyReport(context, client, id, { ...options, format });
  return options.exitVerdict ? exitCodeOfVerdict(verdictOf(await ask(), options)) : EXIT.ok;
}

const verdictOf = (job: JobView, { tree }: ReportOptions) => (tree ? wholeVerdict(job) : job.verdict);

/** The verdict and coverage stand above the findings: no findings where nothing was covered says nothing. */
async function showTable(
  { output, signal }: Context,
  client: ApiClient,
  job: JobView,
  { severity, tree }: ReportOptions,
): Promise<void> {
  const query = { format: 'ndjson', profile: 'summary', severity, tree: tree && 'true' } as const;
  const { body } = await client.exportReport({ path: { jobId: job.jobId }, query }, signal);
  const worst = await worstFindings(body);
  showOutcome(output, job);
  showFindings(output, worst);
}

async function copyReport(
  { output, signal }: Context,
  client: ApiClient,
  id: string,
  { format, profile, severity, tree, output: path }: ReportOptions & { readonly format: ReportFormat },
): Promise<void> {
  const { body } = await client.exportReport(
    { path: { jobId: id }, query: { format, profile, severity, tree: tree && 'true' } },
    signal,
    () => output.message('The report is large: it is built first.'),
  );
  if (path === undefined || path === '-') {
    for await (const chunk of body) await output.write(chunk);
    return;
  }
  const bytes = await writeWholeFile(path, body, '--output');
  output.message(`Wrote ${path}: ${bytes} bytes.`);
}
