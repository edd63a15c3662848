/** `scanfleet verify JOB_ID`: whether what a job left is what was signed when it ended; from the service, or from a package saved before. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { JobView } from '#shared/contracts/job.ts';
import { ValidationError } from '#shared/errors.ts';
import type { Manifest } from '#shared/evidence/manifest.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { type Checked, checkPackage, MANIFEST_FILE, type Problem } from '../evidence/check.ts';
import { serviceEvidence } from '../evidence/of-service.ts';
import { type PinnedKey, pinnedKey } from '../evidence/public-key.ts';
import { savedEvidence, saveInto } from '../evidence/saved.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { jobId } from '../option-values.ts';
import type { Output } from '../output.ts';

interface VerifyOptions extends ConnectionOptions {
  readonly save?: string;
  readonly from?: string;
  readonly key?: string;
}

const HELP = `
Examples:
  $ scanfleet verify 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f
  $ scanfleet verify 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f --save evidence/
  $ scanfleet verify --from evidence/ --key key.pem`;

export function define(command: Command): void {
  command
    .description('Check that what a job left is what was signed when it ended. Exits with 8 when it is not.')
    .argument('[job-id]', 'the job', jobId)
    .option('--save <folder>', 'keep the evidence there, to be checked again without the service')
    .addOption(new Option('--from <folder>', 'check a package saved before; no service is asked').conflicts('save'))
    .option('--key <file>', 'the public key that counts, as PEM; the one pinned at login when absent');
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [id] = command.processedArgs as [string | undefined];
  const options = command.opts<VerifyOptions>();
  const key = await pinnedKey(options, context.env, context.cwd);
  const checked = await (options.from === undefined
    ? checkService(context, neededId(id), key, options)
    : checkSaved(context, id, key, options.from));
  show(context.output, checked, key, options);
  return checked.problems.length === 0 ? EXIT.ok : EXIT.unverified;
}

function neededId(id: string | undefined): string {
  if (id !== undefined) return id;
  throw new ValidationError([{ field: 'job-id', message: 'is needed, or a folder with --from' }]);
}

async function checkSaved(
  { cwd }: Context,
  id: string | undefined,
  { publicKey }: PinnedKey,
  folder: string,
): Promise<Checked> {
  return checkPackage(await savedEvidence(resolve(cwd, folder)), publicKey, id === undefined ? {} : { jobId: id });
}

async function checkService(
  context: Context,
  id: string,
  { publicKey }: PinnedKey,
  options: VerifyOptions,
): Promise<Checked> {
  const client = await connect(context, options);
  const evidence = await serviceEvidence(context, client, id);
  const keep = options.save === undefined ? undefined : await saveInto(resolve(context.cwd, options.save), evidence);
  const checked = await checkPackage(evidence, publicKey, { jobId: id, ...(keep && { keep }) });
  const shown = await client.call('getJob', { path: { jobId: id } }, context.signal);
  const differs = checked.manifest && differenceOf(checked.manifest, shown);
  return differs ? { ...checked, problems: [...checked.problems, differs] } : checked;
}

/** Records can be changed too: what the service says of the job must be what was signed. */
function differenceOf(signed: Manifest, shown: JobView): Problem | undefined {
  const says = ({ status, verdict }: Pick<JobView, 'status' | 'verdict'>) => `${status}, verdict ${verdict}`;
  if (says(signed) === says(shown)) return undefined;
  const message = `the service says ${says(shown)}; signed was ${says(signed)}`;
  return { problem: 'changed', file: 'the job', message };
}

function show(
  output: Output,
  { manifest, files, bytes, problems }: Checked,
  { from }: PinnedKey,
  { json, save }: VerifyOptions,
): void {
  const verified = problems.length === 0;
  if (json) {
    const { jobId: job, round, status, verdict } = manifest ?? {};
    output.json({ verified, jobId: job, round, status, verdict, files, bytes, key: from, problems });
    return;
  }
  output.fields({
    Job: manifest?.jobId,
    Round: manifest && String(manifest.round),
    Status: manifest?.status,
    Verdict: manifest && String(manifest.verdict),
    Key: from,
    Files: `${files} as signed (${bytes} bytes)`,
    Evidence: verified ? { text: 'verified', tone: 'good' } : { text: 'NOT what was signed', tone: 'bad' },
  });
  if (!verified) {
    output.line('');
    output
      .table([{ title: 'PROBLEM', atLeast: 9 }, { title: 'FILE' }, { title: 'WHY' }])
      .add(problems.map(({ problem, file, message }) => [{ text: problem, tone: 'bad' }, file, message]));
  }
  if (save !== undefined && problems[0]?.file !== MANIFEST_FILE) output.message(`Kept in ${save}.`);
}
