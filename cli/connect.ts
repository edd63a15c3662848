/** From the options that every command talking to a service has, to a client for that service. */
import type { Command } from 'commander';
import { type ApiClient, apiClient } from './api-client.ts';
import type { Context } from './context.ts';
import { type EndpointOptions, findEndpoint } from './endpoint.ts';
import { requestSigner } from './signing.ts';

export interface ConnectionOptions extends EndpointOptions {
  readonly awsProfile?: string;
  readonly json?: true;
}

export const addConnectionOptions = (command: Command): Command =>
  command
    .option('--json', 'print JSON')
    .option('--url <url>', 'the service to talk to (SCANFLEET_URL); the local one when absent')
    .option('--region <region>', 'AWS region to sign for, where the URL does not tell it')
    .option('--aws-profile <name>', 'profile of the AWS configuration whose credentials sign (AWS_PROFILE)')
    .option('--as <identity>', "one of the local service's identities");

/** A client of the service that `options`, the environment or the folder name. Throws what findEndpoint throws. */
export async function connect(context: Context, options: ConnectionOptions): Promise<ApiClient> {
  const endpoint = await findEndpoint(options, context.env, context.cwd);
  const sign = await requestSigner(endpoint, options.awsProfile);
  return apiClient({ endpoint, sign, sleep: context.sleep, random: Math.random });
}
