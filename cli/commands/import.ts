/** `scanfleet import`: a job out of what a scan elsewhere has left: uploads the file, then submits it. */
import { createHash } from 'node:crypto';
import { createReadStream, openAsBlob } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { UnavailableError, ValidationError } from '#shared/errors.ts';
import type { ApiClient } from '../api-client.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { labels } from '../option-values.ts';
import { submitAndTell } from '../submit-and-tell.ts';

const HELP = `
Nothing is scanned: hosts, coverage and findings are those of the file. A file that was cut is imported as far as it goes,
and the verdict is never clean.

Examples:
  $ scanfleet import weekly.nessus --wait
  $ scanfleet import weekly.nessus --project shop --json | jq -r .jobId`;

interface Options extends ConnectionOptions {
  readonly name?: string;
  readonly project?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly wait?: true;
}

export function define(command: Command): void {
  command
    .argument('<file>', 'a .nessus file (version 2), up to 1 GiB')
    .option('--name <name>', 'what to call the job')
    .option('--project <name>', 'what it belongs to')
    .option('--label <key=value>', 'a label (again for another)', labels)
    .option('--wait', 'follow it to its end; exit with the verdict: 0 clean, 10 findings, 11 incomplete, 12 none');
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [file] = command.processedArgs as [string];
  const options = command.opts<Options>();
  const client = await connect(context, options);
  const target = await upload(context, client, file);
  const { name, project, label } = options;
  const request = {
    targets: [target],
    scanners: [{ name: 'nessus' as const }],
    ...{ name, project },
    ...(label === undefined ? {} : { labels: label }),
  };
  return submitAndTell(context, client, request, options);
}

/** What to submit. ValidationError for a file that cannot be read. */
async function upload({ output, signal }: Context, client: ApiClient, file: string): Promise<string> {
  const sha256 = await hashOf(file, signal);
  const content = await openAsBlob(file);
  const { url, headers, target } = await client.call('createUpload', { body: { bytes: content.size, sha256 } }, signal);
  output.message(`Uploading ${file}: ${content.size} bytes.`);
  const { 'content-length': _sentWithTheBlob, ...others } = headers;
  const answer = await fetch(url, { method: 'PUT', headers: others, body: content, signal }).catch((cause: Error) => {
    signal.throwIfAborted();
    throw new UnavailableError('upload_not_taken', `the upload broke off: ${cause.message}`, { cause });
  });
  if (answer.ok) return target;
  const why = `the store answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`;
  throw new UnavailableError(
    'upload_not_taken',
    `the upload was refused, perhaps because ${file} changed meanwhile; ${why}`,
  );
}

async function hashOf(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, { signal }).catch((cause: Error) => {
    signal.throwIfAborted();
    throw new ValidationError([{ field: '<file>', message: `cannot be read: ${cause.message}` }], { cause });
  });
  return hash.digest('hex');
}
