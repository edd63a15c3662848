/** A scan of real processes, as a worker runs it for a task, and what it left. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '#containers/scan-worker/clock.ts';
import { type Scanned, scan } from '#containers/scan-worker/scan.ts';
import type { Scanner, ScanTarget } from '#containers/scan-worker/scanner.ts';
import { createStop, type Stop } from '#containers/scan-worker/stop.ts';
import { type TaskProgress, taskProgress } from '#containers/scan-worker/task-progress.ts';
import type { Finding } from '#shared/finding/finding.ts';

export interface Ran extends Scanned {
  readonly list: readonly Finding[];
  /** The untouched output of the first process. */
  readonly raw: string;
}

const LONGEST_MS = 110_000;

/** `during` is called as soon as the scan has begun. */
export async function runScan(
  scanner: Scanner,
  targets: readonly ScanTarget[],
  options: Readonly<Record<string, unknown>> = {},
  during: (running: { stop: Stop; progress: TaskProgress }) => unknown = () => undefined,
): Promise<Ran> {
  const directory = await mkdtemp(join(tmpdir(), 'scan-'));
  try {
    const [stop, progress] = [createStop(), taskProgress()];
    const until = { at: new Date(Date.now() + LONGEST_MS).toISOString(), reason: 'deadline' } as const;
    const task = { jobId: '019a0000-0000-7000-8000-000000000001', taskId: '0001', attempt: 1 };
    const request = { task, scanner, targets, options, requestsPerSecond: 1_000, directory, until, stop, progress };
    const scanning = scan(systemClock, request);
    await during({ stop, progress });
    const scanned = await scanning;
    const read = async (name: string) => gunzipSync(await readFile(join(directory, 'results', name))).toString();
    const lines = (await read('findings.ndjson.gz')).split('\n').filter(Boolean);
    const list = lines.map((line) => JSON.parse(line) as Finding);
    return { ...scanned, list, raw: await read(`raw/${scanner.rawName}.gz`) };
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  }
}
