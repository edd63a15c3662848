/** `scanfleet timeline JOB_ID`: what happened to a job, who did it and why. */
import type { Command } from 'commander';
import type { TimelineEventView, TimelineResponse } from '#shared/contracts/timeline.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { jobId } from '../option-values.ts';
import type { Data } from '../output.ts';
import { pages, writePages } from '../pages.ts';

/** The most a page can hold (shared/contracts/timeline.ts). */
const PAGE = 500;

const HELP = `
Examples:
  $ scanfleet timeline 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f`;

export function define(command: Command): void {
  command
    .description('Show what happened to a job: each change of its state, and each time a worker held one of its tasks.')
    .argument('<job-id>', 'the job', jobId);
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [id] = command.processedArgs as [string];
  const options = command.opts<ConnectionOptions>();
  const client = await connect(context, options);
  const found = pages(
    (cursor) => client.call('getTimeline', { path: { jobId: id }, query: { cursor, limit: PAGE } }, context.signal),
    eventsOf,
  );
  if (options.json) await writePages(context.output, 'events', found, eventsOf);
  else await writeTable(context.output, found);
  return EXIT.ok;
}

const eventsOf = ({ events }: TimelineResponse) => events;

const COLUMNS = [{ title: 'WHEN' }, { title: 'WHAT', atLeast: 29 }, { title: 'WHO', atLeast: 20 }, { title: 'WHY' }];

async function writeTable(data: Data, found: AsyncIterable<TimelineResponse>): Promise<void> {
  const table = data.table(COLUMNS);
  for await (const { events } of found)
    table.add(events.map((event) => [event.at, whatOf(event), event.by, event.why]));
}

function whatOf(event: TimelineEventView): string {
  if (event.what === 'job_moved') return `job ${event.to}`;
  return `task ${event.taskId} ${event.what === 'task_claimed' ? 'claimed' : 'left'}, attempt ${event.attempt}`;
}
