/**
 * What a deployed stack says of itself, by CloudFormation's query API: one signed request, for which the CLI needs no SDK client of its own.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
 */
import { SaxesParser } from 'saxes';
import type { Environment } from '#shared/env.ts';
import { ForbiddenError, NotFoundError, UnavailableError } from '#shared/errors.ts';
import { askAws } from './ask-aws.ts';

export interface StackPlace {
  readonly stack: string;
  readonly region: string;
  readonly awsProfile?: string | undefined;
}

const API_VERSION = '2010-05-15';

/** Its outputs by name. NotFoundError `no_stack`, ForbiddenError, UnavailableError. */
export async function stackOutputs(
  { stack, region, awsProfile }: StackPlace,
  env: Environment,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const body = new URLSearchParams({ Action: 'DescribeStacks', Version: API_VERSION, StackName: stack }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await askAws({ service: 'cloudformation', region, awsProfile }, env, { headers, body }, signal);
  const fields = readFields(answer.text);
  if (answer.status !== 200) throw refusal(stack, region, answer.status, fields);
  const { OutputKey: names = [], OutputValue: values = [] } = fields;
  return new Map(names.map((name, n) => [name, values[n] ?? '']));
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
