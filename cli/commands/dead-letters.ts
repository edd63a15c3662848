/** `scanfleet dead-letters [list|show|redrive]`: what was given up, why, and another try. */
import { Argument, type Command } from 'commander';
import type {
  DeadLettersResponse,
  DeadLetterView,
  DeadTaskView,
  RedrivenView,
  RedriveResponse,
} from '#shared/contracts/dead-letters.ts';
import { NotFoundError } from '#shared/errors.ts';
import type { ApiClient } from '../api-client.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { shortTime } from '../job-view.ts';
import { wholeNumber } from '../option-values.ts';
import type { Cell, Data } from '../output.ts';
import { pages, writePages } from '../pages.ts';

const ACTIONS = ['list', 'show', 'redrive'] as const;
type Action = (typeof ACTIONS)[number];

interface DeadLettersOptions extends ConnectionOptions {
  readonly limit: number;
  readonly all?: true;
  readonly fleet?: true;
  readonly cursor?: string;
}

/** The most a page of the list, and a redrive, can hold (shared/contracts/dead-letters.ts). */
const PAGE = 100;

const HELP = `
Examples:
  $ scanfleet dead-letters
  $ scanfleet dead-letters show 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f/0003
  $ scanfleet dead-letters redrive 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f/0003
  $ scanfleet dead-letters redrive --all
  $ scanfleet dead-letters --fleet --as admin       (messages that no worker could read)`;

export function define(command: Command): void {
  command
    .description('Tasks that failed once too often: list them, show why, or redrive them, which retries their jobs.')
    .addArgument(new Argument('[action]', 'what to do').choices(ACTIONS).default('list'))
    .argument('[dead-letters...]', 'for show one, for redrive some: JOB_ID/TASK_ID, as list shows them')
    .option('-n, --limit <number>', 'list at most so many', wholeNumber, 20)
    .option('--all', 'list, or redrive, all')
    .option('--fleet', 'for admins: the messages that no worker could read')
    .option('--cursor <cursor>', 'go on where an earlier list ended (its nextCursor)');
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [action, ids] = command.processedArgs as [Action, string[]];
  const options = command.opts<DeadLettersOptions>();
  checkArguments(command, action, ids, options);
  const client = await connect(context, options);
  return { list, show, redrive }[action](context, client, options, ids);
}

function checkArguments(command: Command, action: Action, ids: readonly string[], { all, fleet }: DeadLettersOptions) {
  const wrong = {
    list: ids.length > 0 && 'list takes no dead letters; did you mean show?',
    show: ids.length !== 1 && 'show takes one dead letter: JOB_ID/TASK_ID',
    redrive:
      ids.length > 0 === (all === true)
        ? 'redrive takes dead letters, or --all'
        : fleet && 'a message cannot be redriven',
  }[action];
  if (wrong) command.error(wrong, { code: 'scanfleet.usage' });
}

type Perform = (
  context: Context,
  client: ApiClient,
  options: DeadLettersOptions,
  ids: readonly string[],
) => Promise<ExitCode>;

const lettersOf = ({ deadLetters }: DeadLettersResponse) => deadLetters;

function listed({ signal }: Context, client: ApiClient, { fleet, cursor }: DeadLettersOptions, wanted: number) {
  const scope = fleet ? 'fleet' : 'own';
  return pages(
    (at, left) => client.call('listDeadLetters', { query: { scope, cursor: at, limit: Math.min(PAGE, left) } }, signal),
    lettersOf,
    { wanted, cursor },
  );
}

const list: Perform = async (context, client, options) => {
  const found = listed(context, client, options, options.all ? Number.POSITIVE_INFINITY : options.limit);
  if (options.json) await writePages(context.output, 'deadLetters', found, lettersOf);
  else await (options.fleet ? writeMessages : writeTasks)(context.output, found);
  return EXIT.ok;
};

async function writeTasks(data: Data, found: AsyncIterable<DeadLettersResponse>): Promise<void> {
  const table = data.table([
    { title: 'DEAD LETTER', atLeast: 41 },
    { title: 'AT', atLeast: 20 },
    { title: 'SCANNER' },
    { title: 'STANDING', atLeast: 13 },
    { title: 'CAUSE', atLeast: 16 },
    { title: 'MESSAGE' },
  ]);
  for await (const { deadLetters } of found)
    table.add(
      deadLetters.flatMap((letter) =>
        letter.kind === 'task'
          ? [
              [
                letter.deadLetterId,
                shortTime(letter.at),
                letter.scanner,
                standingCell(letter),
                letter.code,
                letter.message,
              ],
            ]
          : [],
      ),
    );
}

async function writeMessages(data: Data, found: AsyncIterable<DeadLettersResponse>): Promise<void> {
  const table = data.table([
    { title: 'AT', atLeast: 20 },
    { title: 'QUEUE' },
    { title: 'REASON', atLeast: 12 },
    { title: 'BYTES' },
    { title: 'BODY' },
  ]);
  for await (const { deadLetters } of found)
    table.add(
      deadLetters.flatMap((letter) =>
        letter.kind === 'message'
          ? [[shortTime(letter.at), letter.queue, letter.reason, String(letter.bytes), letter.body]]
          : [],
      ),
    );
}

const standingCell = ({ standing }: DeadTaskView): Cell => ({
  text: standing,
  tone: standing === 'redrivable' ? 'good' : 'quiet',
});

const show: Perform = async (context, client, options, [id]) => {
  const letter = await find(listed(context, client, options, Number.POSITIVE_INFINITY), id);
  if (letter === undefined) throw new NotFoundError('dead_letter_not_found', `there is no dead letter ${id}`);
  if (options.json) context.output.json(letter);
  else if (letter.kind === 'task') showTask(context.output, letter);
  else
    context.output.fields({ At: shortTime(letter.at), Reason: letter.reason, Queue: letter.queue, Body: letter.body });
  return EXIT.ok;
};

async function find(
  found: AsyncIterable<DeadLettersResponse>,
  id: string | undefined,
): Promise<DeadLetterView | undefined> {
  for await (const { deadLetters } of found) {
    const letter = deadLetters.find(({ deadLetterId }) => deadLetterId === id);
    if (letter !== undefined) return letter;
  }
  return undefined;
}

function showTask(data: Data, letter: DeadTaskView): void {
  data.fields({
    Job: letter.jobId,
    Task: letter.taskId,
    Scanner: letter.scanner,
    At: shortTime(letter.at),
    Standing: standingCell(letter),
    Cause: `${letter.code}: ${letter.message}`,
  });
  data.line('');
  data
    .table([{ title: 'ATTEMPT' }, { title: 'WORKER' }, { title: 'FROM' }, { title: 'TO' }, { title: 'ENDED BY' }])
    .add(
      letter.claims.map(({ attempt, worker, at, endedAt, why }) => [
        String(attempt),
        worker,
        shortTime(at),
        endedAt ? shortTime(endedAt) : '-',
        why ?? '-',
      ]),
    );
  const stderr = letter.stderrTail?.trimEnd();
  if (stderr) for (const line of ['', 'The last of its stderr:', ...stderr.split('\n')]) data.line(line);
}

/** Exit code 4 when not everything that was named runs again. */
const redrive: Perform = async ({ output, signal }, client, { all, json }, ids) => {
  const results: RedrivenView[] = [];
  const answers = all ? redriveAll(client, signal) : redriveThese(client, ids, signal);
  for await (const { deadLetters } of answers) results.push(...deadLetters);
  if (json) output.json({ deadLetters: results });
  else for (const result of results) output.line(redriveLine(result));
  return results.every(({ outcome }) => outcome === 'redriven') ? EXIT.ok : EXIT.conflict;
};

const redriveAll = (client: ApiClient, signal: AbortSignal): AsyncIterable<RedriveResponse> =>
  pages(
    (cursor) => client.call('redriveDeadLetters', { body: { all: true, cursor } }, signal),
    () => [],
  );

async function* redriveThese(client: ApiClient, ids: readonly string[], signal: AbortSignal) {
  for (let start = 0; start < ids.length; start += PAGE)
    yield client.call('redriveDeadLetters', { body: { deadLetters: ids.slice(start, start + PAGE) } }, signal);
}

const redriveLine = ({ deadLetterId, outcome, why }: RedrivenView): string =>
  `${deadLetterId} ${outcome}${why === undefined ? '' : `: ${why}`}`;
