/** An AI client: the official one, over the stdio of a `scanfleet mcp` of its own. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { type CallToolResult, CallToolResultSchema, type Tool } from '@modelcontextprotocol/sdk/types.js';
import { CLI } from './run-cli.ts';

export interface McpClient {
  readonly pid: number;
  readonly tools: readonly Tool[];
  /** What was on stdout but is no frame, and answers that nobody asked for. */
  readonly problems: readonly Error[];
  /** Throws when structured content does not fit the tool's own output schema. */
  call(name: string, args?: Record<string, unknown>, signal?: AbortSignal): Promise<CallToolResult>;
  close(): Promise<void>;
}

/** `env`: its whole environment but for PATH. */
export async function startMcpClient(env: Readonly<Record<string, string>>): Promise<McpClient> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [CLI, 'mcp'],
    env: { PATH: process.env.PATH ?? '', ...env },
    stderr: 'ignore',
  });
  const client = new Client({ name: 'a test', version: '1.0.0' });
  const problems: Error[] = [];
  client.onerror = (error) => problems.push(error);
  await client.connect(transport);
  const { tools } = await client.listTools();
  return {
    pid: transport.pid as number,
    tools,
    problems,
    call: async (name, args = {}, signal) =>
      CallToolResultSchema.parse(await client.callTool({ name, arguments: args }, undefined, signal && { signal })),
    close: () => client.close(),
  };
}

/** The text of a result that is an error; throws for any other. */
export function refusal(result: CallToolResult): string {
  const [content] = result.content;
  if (result.isError !== true || content?.type !== 'text') throw new Error(`no error: ${JSON.stringify(result)}`);
  return content.text;
}
