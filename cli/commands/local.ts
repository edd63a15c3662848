/** `scanfleet local`: the whole service on this machine, until it is told to end. */
import { type Command, Option } from 'commander';
import { readFaults } from '#local/faults/plan.ts';
import { DEFAULT_PORT, defaultOptions, type LocalOptions, readPort } from '#local/options.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';

const HELP = `
Examples:
  $ scanfleet local
  $ scanfleet local --port 0 --ephemeral --json    (prints one line when ready: endpoint, region, identities)
  $ scanfleet local --faults all                   (see docs/local.md for the faults)
  $ scanfleet local --faults throttle=0.2,worker.kill,seed=7`;

export function define(command: Command): void {
  command
    .description('Run the whole service on this machine, until Ctrl-C or SIGTERM.')
    .option('--port <port>', `of the HTTP API on 127.0.0.1 (default: ${DEFAULT_PORT}); 0: any that is free`, readPort)
    .option('--state <folder>', 'where jobs, results and keys are kept (default: .scanfleet, or SCANFLEET_STATE)')
    .addOption(new Option('--fresh', 'forget what was kept').conflicts('ephemeral'))
    .option('--ephemeral', 'keep nothing')
    .option('--json', 'print endpoint and identities as one line of JSON')
    .option('--faults <faults>', 'let things go wrong: `all`, kinds, places or both, each with its chance', readFaults)
    .addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const { runLocal } = await import('#local/run-local.ts');
  await runLocal({ ...defaultOptions(context.env), ...command.opts<Partial<LocalOptions>>() }, context);
  return EXIT.ok;
}
