/** The table of commands. A new one is a file here and a row in this table. */
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';

export interface CommandModule {
  /** Adds arguments, options and help to a command. */
  define(command: Command): void;
  /** Runs it, parsed. */
  run(context: Context, command: Command): Promise<ExitCode>;
}

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

export const COMMANDS: readonly CommandEntry[] = [
  { name: 'submit', summary: 'Submit a job', load: () => import('./submit.ts') },
  { name: 'import', summary: 'Make a job of a .nessus file', load: () => import('./import.ts') },
  { name: 'status', summary: 'Show a job, or follow it to its end', load: () => import('./status.ts') },
  { name: 'list', summary: "List one's own jobs, newest first", load: () => import('./list.ts') },
  { name: 'cancel', summary: 'Cancel a job', load: () => import('./cancel.ts') },
  { name: 'retry', summary: 'Run again what a job did not complete', load: () => import('./retry.ts') },
  { name: 'delete', summary: 'Delete a job that has ended', load: () => import('./delete.ts') },
  { name: 'timeline', summary: 'Show what happened to a job, and why', load: () => import('./timeline.ts') },
  { name: 'dead-letters', summary: 'Show what was given up, and redrive it', load: () => import('./dead-letters.ts') },
  { name: 'queue', summary: 'Show what waits, and what runs it', load: () => import('./queue.ts') },
  { name: 'findings', summary: 'Show what a job found', load: () => import('./findings.ts') },
  { name: 'coverage', summary: 'Show what happened to each target', load: () => import('./coverage.ts') },
  { name: 'report', summary: "Get a job's report: a table, JSON or NDJSON", load: () => import('./report.ts') },
  { name: 'verify', summary: 'Check that what a job left is what was signed', load: () => import('./verify.ts') },
  { name: 'cost', summary: 'Estimate what a job will cost, or show what one has', load: () => import('./cost.ts') },
  { name: 'stats', summary: "Show how one's own jobs went, by day and scanner", load: () => import('./stats.ts') },
  { name: 'login', summary: 'Choose a deployment by its stack', load: () => import('./login.ts') },
  { name: 'scanners', summary: 'Show what there is to scan with', load: () => import('./scanners.ts') },
  { name: 'parse', summary: "Turn a scanner's existing output into findings", load: () => import('./parse.ts') },
  { name: 'mcp', summary: 'Serve an AI client over stdio (MCP)', load: () => import('./mcp.ts') },
  { name: 'local', summary: 'Run the whole service on this machine', load: () => import('./local.ts') },
];
