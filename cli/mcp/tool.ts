/** What a tool is: its words for a client, and the call behind them. Each is a file in tools/ and a row in tools/index.ts. */
import type * as z from 'zod';
import type { ApiClient } from '../api-client.ts';

/**
 * What a client may assume of a tool before it calls it, all four always said: left out they mean "destroys, and reaches outside"
 * (https://modelcontextprotocol.io/specification/2025-06-18/schema#toolannotations).
 */
export interface Hints {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  /** Whether the same call again changes nothing more. */
  readonly idempotentHint: boolean;
  /** Whether it reaches systems of others, or hands on what they said. */
  readonly openWorldHint: boolean;
}

export interface Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  /** In the words of MCP's callers: snake_case. */
  readonly name: string;
  readonly title: string;
  /** For the model that decides whether to call it. */
  readonly description: string;
  readonly input: Input;
  readonly output: Output;
  readonly hints: Hints;
  /** Throws what the API client throws; the server makes a tool result of it. */
  run(client: ApiClient, input: z.output<Input>, signal: AbortSignal): Promise<z.input<Output>>;
}

export const defineTool = <I extends z.ZodObject, O extends z.ZodObject>(tool: Tool<I, O>): Tool<I, O> => tool;

/** Of tools that only ask the service. */
export const READS: Hints = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
