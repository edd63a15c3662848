/** `scanfleet mcp`: the service as tools of an AI client, over stdin and stdout. */
import type { Command } from 'commander';
import { addServiceOptions, lastingClient, type ServiceOptions } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';

const HELP = `
An AI client starts it, and it ends when stdin is closed. docs/mcp.md tells how to register it.`;

export function define(command: Command): void {
  command.description('Serve the tools that let an AI client scan, over stdin and stdout (Model Context Protocol).');
  addServiceOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const { serveMcp } = await import('../mcp/server.ts');
  await serveMcp(context, lastingClient(context, command.opts<ServiceOptions>()));
  return EXIT.ok;
}
