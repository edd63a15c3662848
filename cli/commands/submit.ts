/** `scanfleet submit`: a new job, from options or a file. */
import { randomUUID } from 'node:crypto';
import { type Command, Option } from 'commander';
import { ScanfleetError } from '#shared/errors.ts';
import { RECIPE_NAMES } from '#shared/follow-up/recipes.ts';
import { PRIORITIES } from '#shared/job/job.ts';
import { HEADERS } from '#shared/names.ts';
import { PROFILES } from '#shared/report/profile.ts';
import { SCANNERS } from '#shared/scanner/index.ts';
import type { ApiClient } from '../api-client.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode, exitCodeOfVerdict } from '../exit-codes.ts';
import { followWithProgress } from '../follow.ts';
import { amount, showJob, wholeVerdict } from '../job-view.ts';
import { comingInstant, durationSeconds, labels } from '../option-values.ts';
import { addOption, addOptions, addScanner } from '../scanner-options.ts';
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
  const scanners = [...SCANNERS.keys()].join(', ');
  const coming = (text: string) => comingInstant(text, new Date());
  command
    .argument('[targets...]', 'host names, addresses, CIDRs or URLs')
    .option('--targets-file <file>', 'targets from a file, one a line, # begins a comment; - for stdin')
    .option('--scanner <name>', `what to run (again for another): ${scanners}`, addScanner)
    .addOption(
      new Option('--recipe <name>', 'a chain of scans: what the first ones find starts others').choices(RECIPE_NAMES),
    )
    .option('--file <file>', 'the whole request as JSON; - for stdin')
    .option('--name <name>', 'what to call the job')
    .option('--description <text>', 'what it is for')
    .option('--project <name>', 'what it belongs to')
    .option('--label <key=value>', 'a label (again for another)', labels)
    .addOption(new Option('--profile <profile>', 'how much of a finding its reports show').choices(PROFILES))
    .addOption(new Option('--priority <priority>', "its rank among one's own jobs").choices(PRIORITIES))
    .option('--deadline <duration>', 'stop it after so long, as in 90, 15m or 2h', durationSeconds)
    .option('--not-before <time>', 'scan nothing earlier: a time, or in how long, as in 2h', coming)
    .option('--not-after <time>', 'scan nothing from then on, and stop what runs', coming)
    .option('--idempotency-key <key>', 'the same key and request never make a second job')
    .option('--wait', 'follow it to its end; exit with the verdict: 0 clean, 10 findings, 11 incomplete, 12 none');
  addScannerOptions(command);
  addConnectionOptions(command).addHelpText('after', HELP);
}

/** They belong to the --scanner before them, so they add to its list. */
function addScannerOptions(command: Command): void {
  const chosen = () => command.opts<Options>().scanner ?? [];
  const set = (parse: typeof addOption) => (text: string) => {
    command.setOptionValueWithSource('scanner', parse(text, chosen()), 'cli');
    return text;
  };
  command
    .option('--option <key=value>', 'an option of the scanner before it (again for another)', set(addOption))
    .option('--options <json>', 'options of the scanner before it, as JSON', set(addOptions));
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
