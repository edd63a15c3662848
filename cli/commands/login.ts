/** `scanfleet login --stack NAME`: finds a deployment by its CloudFormation stack, and talks to it from then on. */
import type { Command } from 'commander';
import { ValidationError } from '#shared/errors.ts';
import { API_URL_OUTPUT, EVIDENCE_KEY_OUTPUT } from '#shared/names.ts';
import type { Context } from '../context.ts';
import { namedEndpoint } from '../endpoint.ts';
import { kmsPublicKey } from '../evidence/public-key.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type Login, loginFile, readLogin, writeLogin } from '../login.ts';
import type { Messages } from '../output.ts';
import { stackOutputs } from '../stack.ts';

interface LoginOptions {
  readonly stack: string;
  readonly region?: string;
  readonly awsProfile?: string;
  readonly json?: true;
}

const HELP = `
Examples:
  $ scanfleet login --stack scanfleet-dev --region eu-central-1
  $ scanfleet login --stack scanfleet-prod --aws-profile security`;

export function define(command: Command): void {
  command
    .description(
      'Find a deployment by the outputs of its stack, pin the key that signs its evidence, and use it wherever no other service is named.',
    )
    .requiredOption('--stack <name>', 'the name of the CloudFormation stack')
    .option('--region <region>', 'AWS region of the stack (AWS_REGION)')
    .option('--aws-profile <name>', 'profile of the AWS configuration whose credentials read the stack (AWS_PROFILE)')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP);
}

export async function run({ output, env, signal }: Context, command: Command): Promise<ExitCode> {
  const { stack, awsProfile, json, ...options } = command.opts<LoginOptions>();
  const region = options.region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION);
  if (!region) throw invalid('--region', 'is needed: AWS_REGION does not tell the region of the stack');
  const path = loginFile(env);
  if (path === undefined) throw invalid('HOME', 'must be set: the login is kept below it');
  const outputs = await stackOutputs({ stack, region, awsProfile }, env, signal);
  const found = outputs.get(API_URL_OUTPUT);
  if (found === undefined)
    throw invalid('--stack', `names ${stack}, which is no scanfleet stack: it has no ${API_URL_OUTPUT}`);
  const { url } = namedEndpoint(found, `${API_URL_OUTPUT} of ${stack}`, { region }, env);
  const arn = outputs.get(EVIDENCE_KEY_OUTPUT);
  const publicKey = arn && (await kmsPublicKey(arn, { region, awsProfile }, env, signal));
  const login: Login = { url, region, stack, ...(arn && publicKey ? { evidenceKey: { arn, publicKey } } : {}) };
  await tellOfKey(output, path, login);
  await writeLogin(path, login);
  if (json) output.json(login);
  else output.line(`${stack}: ${url} (${region})`);
  return EXIT.ok;
}

/** What was pinned before and is another now was either replaced by its owner, or by somebody who is not. */
async function tellOfKey(output: Messages, path: string, { stack, url, evidenceKey }: Login): Promise<void> {
  const before = await readLogin(path).catch(() => undefined);
  const old = before?.url === url ? before.evidenceKey : undefined;
  if (evidenceKey === undefined)
    output.message(`No key of ${stack} could be had: \`scanfleet verify\` needs one named with --key.`);
  else if (old !== undefined && old.publicKey !== evidenceKey.publicKey)
    output.message(
      `${stack} signs evidence with another key than at the last login: ${evidenceKey.arn}, not ${old.arn}`,
    );
}

const invalid = (field: string, message: string) => new ValidationError([{ field, message }]);
