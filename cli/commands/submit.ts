/** `scanfleet submit`: a new job, from options or a file. */
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { addRequestOptions } from '../request-options.ts';
import { submitAndTell } from '../submit-and-tell.ts';
import { readRequest, type SubmitOptions } from '../submit-request.ts';

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
  addRequestOptions(command.argument('[targets...]', 'host names, addresses, CIDRs or URLs'));
  command
    .option('--idempotency-key <key>', 'the same key and request never make a second job')
    .option('--wait', 'follow it to its end; exit with the verdict: 0 clean, 10 findings, 11 incomplete, 12 none');
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [targets] = command.processedArgs as [string[]];
  const options = command.opts<Options>();
  const request = await readRequest(context, targets, options);
  const client = await connect(context, options);
  return submitAndTell(context, client, request, options);
}
