/**
 * A scanner that does as its arguments say, one after the other: a real process for what tests of a process need.
 *   print TEXT · print-error TEXT · cat (stdin to stdout) · facts (its environment, ids and directory as JSON) ·
 *   flood BYTES · fork (a grandchild that sleeps in the same group; its pid is printed) · fork-away (one that leaves the group and
 *   keeps stdout open) · grab BYTES (of memory) · swarm NUMBER (of processes) · deaf (ignores SIGTERM) · wait-for FILE · count FILE (adds a line) · sleep · exit CODE
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from '#containers/scan-worker/scanner.ts';

export const FAKE_SCANNER = fileURLToPath(import.meta.url);

/** The fake scanner as a command. */
export const fakeScanner = (...args: string[]): Command => ({ file: process.execPath, args: [FAKE_SCANNER, ...args] });

/** What `facts` prints. */
export interface Facts {
  readonly pid: number;
  readonly pgid: number;
  readonly sid: number;
  readonly cwd: string;
  /** Above 0: others come first. */
  readonly nice: number;
  readonly environ: readonly string[];
}

function facts(): Facts {
  // proc_pid_stat(5): after the name in parentheses come state, ppid, pgrp and session; nice is the 19th of all.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  const [, , pgid, sid] = fields;
  return {
    pid: process.pid,
    pgid: Number(pgid),
    sid: Number(sid),
    cwd: process.cwd(),
    nice: Number(fields[16]),
    environ: readFileSync('/proc/self/environ', 'utf8').split('\0').filter(Boolean),
  };
}

const write = (text: string | Buffer) => new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
const forever = () => new Promise<never>(() => setInterval(() => undefined, 60_000));

async function flood(bytes: number): Promise<void> {
  const piece = Buffer.alloc(64 * 1024, 'x');
  for (let left = bytes; left > 0; left -= piece.length) await write(piece.subarray(0, left));
}

async function fork(detached: boolean): Promise<void> {
  const child = spawn(process.execPath, [FAKE_SCANNER, 'sleep'], { detached, stdio: ['ignore', 'inherit', 'inherit'] });
  child.unref();
  await write(`${child.pid}\n`);
}

const grabbed: Buffer[] = [];

/** One step; takes its argument, if any, from `rest`. */
const STEPS: Record<string, (rest: string[]) => unknown> = {
  print: (rest) => write(rest.shift() ?? ''),
  'print-error': (rest) => {
    process.stderr.write(rest.shift() ?? '');
  },
  cat: async () => {
    for await (const chunk of process.stdin) await write(chunk);
  },
  facts: () => write(`${JSON.stringify(facts())}\n`),
  flood: (rest) => flood(Number(rest.shift())),
  fork: () => fork(false),
  'fork-away': () => fork(true),
  grab: (rest) => {
    grabbed.push(Buffer.alloc(Number(rest.shift()), 'x'));
  },
  swarm: (rest) => {
    for (let left = Number(rest.shift()); left > 0; left -= 1) spawn('sleep', ['60'], { stdio: 'ignore' });
  },
  deaf: () => {
    process.on('SIGTERM', () => undefined);
  },
  'wait-for': async (rest) => {
    const file = rest.shift() ?? '';
    while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
  },
  count: (rest) => appendFileSync(rest.shift() ?? '', `${process.pid}\n`),
  sleep: forever,
  exit: (rest) => process.exit(Number(rest.shift())),
};

if (process.argv[1] === FAKE_SCANNER) {
  const rest = process.argv.slice(2);
  for (let step = rest.shift(); step !== undefined; step = rest.shift()) await STEPS[step]?.(rest);
  process.exit(0);
}
