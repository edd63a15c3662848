/** The options that put a request together: of `submit`, which sends it, and of `cost`, which estimates it. */
import { type Command, Option } from 'commander';
import { RECIPE_NAMES } from '#shared/follow-up/recipes.ts';
import { PRIORITIES } from '#shared/job/job.ts';
import { PROFILES } from '#shared/report/profile.ts';
import { SCANNERS } from '#shared/scanner/index.ts';
import { comingInstant, dollarAmount, durationSeconds, labels } from './option-values.ts';
import { addOption, addOptions, addScanner } from './scanner-options.ts';
import type { SubmitOptions } from './submit-request.ts';

export function addRequestOptions(command: Command): void {
  const scanners = [...SCANNERS.keys()].join(', ');
  const coming = (text: string) => comingInstant(text, new Date());
  command
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
    .option('--max-cost <usd>', 'start no further task once it has cost so much', dollarAmount);
  addScannerOptions(command);
}

/** They belong to the --scanner before them, so they add to its list. */
function addScannerOptions(command: Command): void {
  const chosen = () => command.opts<SubmitOptions>().scanner ?? [];
  const set = (parse: typeof addOption) => (text: string) => {
    command.setOptionValueWithSource('scanner', parse(text, chosen()), 'cli');
    return text;
  };
  command
    .option('--option <key=value>', 'an option of the scanner before it (again for another)', set(addOption))
    .option('--options <json>', 'options of the scanner before it, as JSON', set(addOptions));
}
