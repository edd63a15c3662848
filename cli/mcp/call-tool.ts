/** A tool as the protocol sees it: what is listed of it, and from a call's arguments to a result. */
import {
  type CallToolRequest,
  type CallToolResult,
  type Tool as ListedTool,
  ToolSchema,
} from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import { type FieldError, ScanfleetError, ValidationError } from '#shared/errors.ts';
import type { ApiClient } from '../api-client.ts';
import type { Messages } from '../output.ts';
import { failureResult } from './failure.ts';
import { harmlessObject } from './harmless.ts';
import type { Tool } from './tool.ts';
import { TOOLS } from './tools/index.ts';

/** Draft 7 is what clients' validators read by default. */
const schemaOf = (schema: z.ZodObject, io: 'input' | 'output') => z.toJSONSchema(schema, { io, target: 'draft-7' });

export const listed = ({ name, title, description, input, output, hints }: Tool): ListedTool =>
  ToolSchema.parse({
    name,
    title,
    description,
    inputSchema: schemaOf(input, 'input'),
    outputSchema: schemaOf(output, 'output'),
    annotations: hints,
  });

export interface CallToolDeps {
  readonly client: ApiClient;
  readonly output: Pick<Messages, 'message'>;
}

/** Never throws: a model can act on a result that says what went wrong, and cannot on a protocol error. */
export async function callTool(
  { client, output }: CallToolDeps,
  { name, arguments: given }: CallToolRequest['params'],
  signal: AbortSignal,
): Promise<CallToolResult> {
  try {
    const tool = toolNamed(name);
    const answer = harmlessObject(await tool.run(client, readInput(tool, given ?? {}), signal));
    // The text is for clients that do not know structured content yet.
    return { structuredContent: answer, content: [{ type: 'text', text: JSON.stringify(answer) }] };
  } catch (error) {
    if (!(error instanceof ScanfleetError) && !signal.aborted)
      output.message(`scanfleet mcp: ${name}: ${error instanceof Error ? error.stack : error}`);
    return failureResult(error);
  }
}

function toolNamed(name: string): Tool {
  const tool = TOOLS.find((one) => one.name === name);
  if (tool) return tool;
  const all = TOOLS.map((one) => one.name).join(', ');
  throw new ValidationError([{ field: 'name', message: `is ${JSON.stringify(name)}; allowed: ${all}` }]);
}

/** Throws ValidationError that names every field at once. */
function readInput({ input }: Tool, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const parsed = input.safeParse(given, { error: requiredWhenAbsent });
  if (parsed.success) return parsed.data;
  throw new ValidationError(parsed.error.issues.flatMap((issue) => fieldErrors(issue, input)));
}

const requiredWhenAbsent: z.core.$ZodErrorMap = (issue) => (issue.input === undefined ? 'is required' : undefined);

function fieldErrors(issue: z.core.$ZodIssue, { shape }: z.ZodObject): FieldError[] {
  const { path, message } = issue;
  if (issue.code !== 'unrecognized_keys') return [{ field: path.join('.'), message }];
  const allowed = path.length === 0 ? `; allowed: ${Object.keys(shape).join(', ') || 'none'}` : '';
  return issue.keys.map((key) => ({ field: [...path, key].join('.'), message: `is not a known field${allowed}` }));
}
