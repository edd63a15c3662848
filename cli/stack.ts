/**
 * What a deployed stack says of itself, by CloudFormation's query API: one signed request, for which the CLI needs no SDK client of its own.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
 */
import { SaxesParser } from 'saxes';
import type { Environment } from '#shared/env.ts';
import { ForbiddenError, NotFoundError, UnavailableError } from '#shared/errors.ts';
import { requestSigner } from './signing.ts';

export interface StackPlace {
  readonly stack: string;
  readonly region: string;
  readonly awsProfile?: string | undefined;
}

const API_VERSION = '2010-05-15';
const ANSWER_TIMEOUT_MS = 20_000;
/** A stack has 200 outputs at most (CloudFormation quotas): far below this. */
const MAX_ANSWER_CHARACTERS = 2_000_000;

/** Its outputs by name. NotFoundError `no_stack`, ForbiddenError, UnavailableError. */
export async function stackOutputs(
  { stack, region, awsProfile }: StackPlace,
  env: Environment,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const url = new URL(endpointOf(region, env));
  const body = new URLSearchParams({ Action: 'DescribeStacks', Version: API_VERSION, StackName: stack }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const sign = await requestSigner({ region }, awsProfile, 'cloudformation');
  const signed = await sign({ method: 'POST', url, headers, body });
  const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
  const answer = await send(url, { method: 'POST', headers: signed, body, signal: within }, signal);
  const fields = readFields(answer.text);
  if (answer.status !== 200) throw refusal(stack, region, answer.status, fields);
  const { OutputKey: names = [], OutputValue: values = [] } = fields;
  return new Map(names.map((name, n) => [name, values[n] ?? '']));
}

/** The SDK's own variables for another endpoint count here too (AWS SDKs reference guide, "Service-specific endpoints"). */
function endpointOf(region: string, env: Environment): string {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return env.AWS_ENDPOINT_URL_CLOUDFORMATION || env.AWS_ENDPOINT_URL || `https://cloudformation.${region}.${domain}/`;
}

async function send(url: URL, init: RequestInit, signal: AbortSignal): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, init);
    return { status: response.status, text: (await response.text()).slice(0, MAX_ANSWER_CHARACTERS) };
  } catch (cause) {
    signal.throwIfAborted();
    throw new UnavailableError('unreachable', `${url.host} did not answer`, { cause });
  }
}

type Field = 'OutputKey' | 'OutputValue' | 'Code' | 'Message';

/** The texts of the elements we know, in order. What is no XML has none. */
function readFields(xml: string): Readonly<Partial<Record<Field, readonly string[]>>> {
  const fields: Partial<Record<string, string[]>> = {};
  const parser = new SaxesParser();
  let text = '';
  parser.on('opentag', () => {
    text = '';
  });
  parser.on('text', (part) => {
    text += part;
  });
  parser.on('closetag', ({ name }) => {
    const seen = fields[name] ?? [];
    fields[name] = seen;
    seen.push(text);
    text = '';
  });
  parser.on('error', () => undefined);
  parser.write(xml).close();
  return fields;
}

function refusal(stack: string, region: string, status: number, fields: ReturnType<typeof readFields>): Error {
  const message = fields.Message?.[0] ?? `CloudFormation answered ${status}`;
  if (/does not exist/.test(message)) return new NotFoundError('no_stack', `there is no stack ${stack} in ${region}`);
  if (status >= 500 || /Throttling/.test(fields.Code?.[0] ?? '')) return new UnavailableError('unavailable', message);
  return new ForbiddenError('stack_unreadable', message);
}
