/**
 * One task's scan: each group of targets is one run, of a process or of a procedure of ours; what it prints is parsed as it comes and kept untouched beside the findings.
 * Everything lies in files of a private directory, so that an upload can be repeated without a second scan.
 */
import { mkdir, open } from 'node:fs/promises';
import { join, parse } from 'node:path';
import type { CoverageEntry } from '#shared/finding/coverage.ts';
import { FINDINGS_FILE, rawFile } from '#shared/finding/results.ts';
import { type GzipMember, type NdjsonGzipWriter, ndjsonGzipWriter } from '#shared/report/gzip-member.ts';
import type { Clock } from './clock.ts';
import { gzipFile } from './gzip-file.ts';
import { readOutputFile } from './output-file.ts';
import { runProcedure } from './procedure.ts';
import { runProcess } from './process.ts';
import { gzippedFile, type ResultFile } from './result-file.ts';
import type { Exit, HostSeen, Outcome, ParseSummary, ProcedureWork, Scanner, ScanRun, ScanTarget } from './scanner.ts';
import type { Stop, StopReason, Until } from './stop.ts';
import type { TaskProgress } from './task-progress.ts';

export interface ScanRequest {
  readonly task: ProcedureWork['task'];
  readonly scanner: Scanner;
  readonly targets: readonly ScanTarget[];
  readonly options: ScanRun['options'];
  readonly requestsPerSecond: number;
  /** Private to the task. */
  readonly directory: string;
  /** No run goes on beyond it. */
  readonly until: Until;
  readonly stop: Stop;
  readonly progress: TaskProgress;
}

/** One run, for the evidence. */
export interface RunRecord {
  readonly argv: readonly string[];
  readonly startedAt: string;
  readonly endedAt: string;
  readonly exit: Exit;
  readonly summary: ParseSummary;
}

export interface Scanned {
  readonly findings: GzipMember;
  /** One entry for each target. */
  readonly coverage: readonly CoverageEntry[];
  readonly runs: readonly RunRecord[];
  readonly files: readonly ResultFile[];
  readonly outcome: Outcome;
  /** Why not everything was run to its end, when it was not. */
  readonly stopped?: StopReason;
}

/** Of one run. A task holds at most 66 addresses: some 15 MB for each, hundreds of times what nmap writes of one with all its scripts. */
const MAX_OUTPUT_BYTES = 1024 ** 3;

/** Scans `targets` group by group. Once stopped, what is left is `not_scanned`. Rejects when a file cannot be written. */
export async function scan(clock: Clock, request: ScanRequest): Promise<Scanned> {
  const { scanner, targets, directory, stop, until } = request;
  await mkdir(join(directory, 'results/raw'), { recursive: true });
  const path = join(directory, 'results', FINDINGS_FILE);
  await using file = await open(path, 'wx', 0o600);
  const findings = ndjsonGzipWriter((bytes) => file.appendFile(bytes));
  const groups = scanner.groups(targets);
  const parts: GroupResult[] = [];
  let done = 0;
  for (const [index, group] of groups.entries()) {
    if (clock.now() >= new Date(until.at)) stop.now(until.reason);
    const share = { done, targets: group.length, total: targets.length };
    parts.push(
      stop.signal.aborted ? notRun(group, stop) : await scanGroup(clock, request, { index, group, share, findings }),
    );
    done += group.length;
  }
  const stopped = parts.find((part) => part.stopped !== undefined)?.stopped;
  return {
    findings: await findings.end(),
    coverage: parts.flatMap(({ coverage }) => coverage),
    runs: parts.flatMap(({ run }) => run ?? []),
    files: [gzippedFile(FINDINGS_FILE, path), ...parts.flatMap(({ raw }) => raw ?? [])],
    outcome: worstOf(parts.map(({ outcome }) => outcome)),
    ...(stopped === undefined ? {} : { stopped }),
  };
}

interface GroupResult {
  readonly coverage: readonly CoverageEntry[];
  readonly outcome: Outcome;
  readonly run?: RunRecord;
  readonly raw?: ResultFile;
  readonly stopped?: StopReason | undefined;
}

interface Group {
  readonly index: number;
  readonly group: readonly ScanTarget[];
  readonly share: Parameters<TaskProgress['follow']>[1];
  readonly findings: NdjsonGzipWriter;
}

async function scanGroup(
  clock: Clock,
  request: ScanRequest,
  { index, group, share, findings }: Group,
): Promise<GroupResult> {
  const { scanner, options, requestsPerSecond, until, stop } = request;
  const directory = join(request.directory, `run-${index + 1}`);
  await mkdir(directory);
  const rawName = rawNameOf(scanner.rawName, index);
  const rawPath = join(request.directory, 'results', rawName);
  const run: ScanRun = { targets: group, options, requestsPerSecond, directory };
  const command = scanner.command(run);
  const progress = scanner.progress(run);
  request.progress.follow(progress, share);
  const startedAt = clock.now();
  const seen: HostSeen[] = [];
  const parser = scanner.parser(
    { finding: findings.add, host: (host) => void seen.push(host) },
    { detectedAt: startedAt.toISOString(), targets: group },
  );
  const output = gzipFile(rawPath);
  const { outputFile } = command;
  const take = async (chunk: Uint8Array) => {
    parser.write(chunk);
    await Promise.all([output.write(chunk), findings.drain()]);
  };
  const held = {
    directory,
    timeoutMs: Math.max(0, new Date(until.at).getTime() - startedAt.getTime()),
    maxOutputBytes: MAX_OUTPUT_BYTES,
    signal: stop.signal,
    async onStdout(chunk: Uint8Array) {
      progress.write('stdout', chunk);
      if (outputFile === undefined) await take(chunk);
    },
    onStderr(chunk: Uint8Array) {
      progress.write('stderr', chunk);
      parser.writeStderr?.(chunk);
    },
  };
  const running = 'act' in command ? runProcedure(command, request.task, held) : runProcess(command, held);
  const exit = await running
    .then(async (ended) => {
      if (outputFile !== undefined) await readOutputFile(outputFile, take);
      return ended;
    })
    .finally(output.end);
  if (exit.reason === 'timed_out') stop.now(until.reason);
  const summary = parser.end();
  return {
    coverage: scanner.coverage(run, seen, exit, summary),
    outcome: scanner.outcome(exit, summary),
    run: {
      argv: 'act' in command ? command.argv : [command.file, ...command.args],
      startedAt: startedAt.toISOString(),
      endedAt: clock.now().toISOString(),
      exit,
      summary,
    },
    raw: gzippedFile(rawName, rawPath),
    stopped: exit.reason === 'cancelled' || exit.reason === 'timed_out' ? stop.reason() : undefined,
  };
}

/** The first group's raw output has the scanner's own name, as in `nmap.xml`; further ones `nmap-2.xml`. */
function rawNameOf(rawName: string, index: number): string {
  const { name, ext } = parse(rawName);
  return rawFile(index === 0 ? rawName : `${name}-${index + 1}${ext}`);
}

const notRun = (group: readonly ScanTarget[], stop: Stop): GroupResult => ({
  coverage: group.map((target) => ({
    ...target,
    status: 'not_scanned',
    reason: `stopped before it began: ${stop.reason()}`,
  })),
  outcome: { ok: true },
  stopped: stop.reason(),
});

/** What failed for good counts before what may go better next time. */
const worstOf = (outcomes: readonly Outcome[]): Outcome =>
  outcomes.find((outcome) => !outcome.ok && !outcome.error.retryable) ??
  outcomes.find((outcome) => !outcome.ok) ?? { ok: true };
