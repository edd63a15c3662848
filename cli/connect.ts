/** From the options that every command talking to a service has, to a client for that service. */
import type { Command } from 'commander';
import { type ApiClient, apiClient } from './api-client.ts';
import type { Context } from './context.ts';
import { type Endpoint, type EndpointOptions, findEndpoint } from './endpoint.ts';
import { requestSigner } from './signing.ts';

export interface ServiceOptions extends EndpointOptions {
  readonly awsProfile?: string;
}
export interface ConnectionOptions extends ServiceOptions {
  readonly json?: true;
}

export const addConnectionOptions = (command: Command): Command =>
  addServiceOptions(command.option('--json', 'print JSON'));

/** Which service, and as whom. */
export const addServiceOptions = (command: Command): Command =>
  command
    .option('--url <url>', 'the service to talk to (SCANFLEET_URL); the local one when absent')
    .option('--region <region>', 'AWS region to sign for, where the URL does not tell it')
    .option('--aws-profile <name>', 'profile of the AWS configuration whose credentials sign (AWS_PROFILE)')
    .option('--as <identity>', "one of the local service's identities");

/** A client of the service that `options`, the environment or the folder name. Throws what findEndpoint throws. */
export const connect = async (context: Context, options: ServiceOptions): Promise<ApiClient> =>
  clientOf(context, await findEndpoint(options, context.env, context.cwd), options);

/**
 * The same for a process that outlives services: each call finds the service as it is then, so one that starts later, or again at another
 * place, is found. Credentials are looked up once for each place.
 */
export function lastingClient(context: Context, options: ServiceOptions): ApiClient {
  let last: { readonly place: string; readonly client: ApiClient } | undefined;
  const current = async () => {
    const endpoint = await findEndpoint(options, context.env, context.cwd);
    const place = JSON.stringify(endpoint);
    if (last?.place !== place) last = { place, client: await clientOf(context, endpoint, options) };
    return last.client;
  };
  return {
    call: async (name, input, signal) => (await current()).call(name, input, signal),
    watchJob: async (input, signal) => (await current()).watchJob(input, signal),
    exportReport: async (input, signal, onBuilding) => (await current()).exportReport(input, signal, onBuilding),
  };
}

async function clientOf(context: Context, endpoint: Endpoint, { awsProfile }: ServiceOptions): Promise<ApiClient> {
  const sign = await requestSigner(endpoint, awsProfile);
  return apiClient({ endpoint, sign, sleep: context.sleep, random: Math.random });
}
