/** The commands as one program: a command's own file is loaded when it is asked for, so that none pays for the others. */
import { Command, CommanderError } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { COMMANDS, type CommandEntry } from './commands/index.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { tellFailure, tellUsage } from './failure.ts';

const HELP = `
Examples:
  $ scanfleet local                                              start the service on this machine
  $ scanfleet submit 127.0.0.1 --scanner nmap --wait             scan, follow, end with the verdict
  $ scanfleet report JOB_ID -o report.json                       a whole report or none

The service: --url or SCANFLEET_URL, else the local service of this folder or one above it, else the last login.
Exit codes: 0 ok, 1 unexpected, 2 usage, 3 refused, 4 conflict, 5 limit, 6 unavailable, 7 read in part;
with --wait or --exit-verdict 0 clean, 10 findings, 11 incomplete, 12 no verdict.`;

/** Runs one command line. Never throws: what went wrong is told on stderr, and in the exit code. */
export async function execute(argv: readonly string[], context: Context): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const program = createProgram(context);
  for (const entry of COMMANDS)
    addCommand(program, entry, context, (code) => {
      exitCode = code;
    });
  try {
    // `help list` is `list --help`: commander's own help command would not load the command first.
    const [first, ...rest] = argv;
    await program.parseAsync(first === 'help' ? [...rest, '--help'] : argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    const json = argv.includes('--json');
    return error instanceof CommanderError ? tellUsage(context, error, json) : tellFailure(context, error, json);
  }
}

function createProgram({ output }: Context): Command {
  const linesOf = (text: string) => text.trimEnd().split('\n');
  return new Command('scanfleet')
    .description('Scan jobs that never lie, in your own AWS account or on this machine.')
    .version(manifest.version)
    .configureOutput({
      writeOut: (text) => linesOf(text).forEach(output.line),
      writeErr: (text) => linesOf(text).forEach(output.message),
      // Told by tellFailure, like every failure.
      outputError: () => undefined,
    })
    .exitOverride()
    .helpCommand(false)
    .addHelpText('after', HELP);
}

function addCommand(program: Command, entry: CommandEntry, context: Context, end: (code: ExitCode) => void): void {
  const command = program.command(entry.name).summary(entry.summary).description(entry.summary);
  program.hook('preSubcommand', async (_, chosen) => {
    if (chosen !== command) return;
    const { define, run } = await entry.load();
    define(command);
    command.action(async () => end(await run(context, command)));
  });
}
