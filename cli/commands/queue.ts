/** `scanfleet queue`: what waits, what runs it and what was given up. */
import type { Command } from 'commander';
import type { QueueView } from '#shared/contracts/queue.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { amount, shortTime, statusCell } from '../job-view.ts';
import type { Data } from '../output.ts';

interface QueueOptions extends ConnectionOptions {
  readonly fleet?: true;
}

const HELP = `
Examples:
  $ scanfleet queue
  $ scanfleet queue --fleet --as admin`;

export function define(command: Command): void {
  command.option('--fleet', "for admins: every tenant's, and the SQS queues");
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const options = command.opts<QueueOptions>();
  const client = await connect(context, options);
  const scope = options.fleet ? 'fleet' : 'own';
  const queue = await client.call('getQueue', { query: { scope } }, context.signal);
  if (options.json) context.output.json(queue);
  else showQueue(context.output, queue);
  return EXIT.ok;
}

function showQueue(data: Data, queue: QueueView): void {
  const { oldestCreatedAt, oldestAgeSeconds, workers, queues, nextTasks } = queue;
  data.fields({
    'Open jobs': String(queue.openJobs),
    Tasks: `${queue.released} released, ${queue.waiting} waiting`,
    Oldest: oldestCreatedAt && `${shortTime(oldestCreatedAt)}, ${amount(oldestAgeSeconds ?? 0, 'second')} ago`,
    'Dead letters': String(queue.deadLetters),
    Workers: bySize(workers, ({ running, starting }) => `${running} running, ${starting} starting`),
    Messages:
      queues &&
      bySize(queues, (depth) => `${depth.visible} visible, ${depth.inFlight} in flight, ${depth.delayed} delayed`),
  });
  if (nextTasks.length === 0) return;
  data.line('');
  data
    .table([{ title: 'JOB' }, { title: 'TASK' }, { title: 'SCANNER' }, { title: 'STATUS' }, { title: 'NOT BEFORE' }])
    .add(
      nextTasks.map(({ jobId, taskId, scanner, status, notBefore }) => [
        jobId,
        taskId,
        scanner,
        statusCell(status),
        notBefore ? shortTime(notBefore) : '-',
      ]),
    );
}

const bySize = <T>(sizes: Readonly<Record<string, T>>, text: (value: T) => string): string =>
  Object.entries(sizes)
    .map(([size, value]) => `${size} ${text(value)}`)
    .join('; ');
