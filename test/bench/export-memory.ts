/**
 * How much memory, and how fast, a report of 1 GB takes: one process a format, so that each has its own peak. Prints MB/s of document and
 * the process's highest RSS. The bound is 256 MB. `node test/bench/export-memory.ts [megabytes]`
 */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { attemptPrefix, COVERAGE_FILE, FINDINGS_FILE } from '#shared/finding/results.ts';
import type { JobRecords } from '#shared/job/records.ts';
import { type ReportRequest, reportDocument, stitchedDocument } from '#shared/report/document.ts';
import { ndjsonGzipWriter } from '#shared/report/gzip-member.ts';
import { type Task, type TaskResult, taskIdOf } from '#shared/task/task.ts';
import { fileResults } from '#test/support/file-results.ts';
import { aFinding, aJob, aSpec, aTask, JOB_ID, TENANT } from '#test/support/job-records.ts';

const TASKS = 20;
const RUNS = {
  'json full': { format: 'json', profile: 'full', severity: 'info' },
  'json brief': { format: 'json', profile: 'brief', severity: 'info' },
  'ndjson full': { format: 'ndjson', profile: 'full', severity: 'info' },
  'ndjson full, gzip stitched': { format: 'ndjson', profile: 'full', severity: 'info' },
} as const satisfies Record<string, ReportRequest>;
type Run = keyof typeof RUNS;

/** The findings of one task: about `bytes` of NDJSON, no two lines alike. */
async function writeTask(folder: string, taskId: string, bytes: number): Promise<Task> {
  const results = fileResults(folder);
  const prefix = attemptPrefix(TENANT, JOB_ID, taskId, 1);
  const member = { chunks: [] as Uint8Array[] };
  const writer = ndjsonGzipWriter(async (chunk) => {
    member.chunks.push(chunk);
  });
  for (let written = 0, n = 0; written < bytes; n += 1) {
    const port = 1 + (n % 65_535);
    const evidence = createHash('shake256', { outputLength: 96 }).update(`${taskId} ${n}`).digest('hex').repeat(2);
    const finding = aFinding({
      location: { host: `host-${n}.example`, port, protocol: 'tcp' },
      evidence,
      raw: { n, evidence },
    });
    writer.add(finding);
    written += JSON.stringify(finding).length + 1;
    if (n % 1_000 === 0) await writer.drain();
  }
  const result: TaskResult = { prefix, coverage: [], ...(await writer.end()) };
  await results.write(`${prefix}${FINDINGS_FILE}`, Buffer.concat(member.chunks), 'application/gzip');
  await results.write(`${prefix}${COVERAGE_FILE}`, Buffer.from('[]'), 'application/json');
  return aTask({ taskId, result });
}

async function measure(folder: string, run: Run): Promise<void> {
  const tasks = JSON.parse(await readFile(join(folder, 'tasks.json'), 'utf8'));
  const records: JobRecords = { job: aJob({ taskCount: TASKS }), spec: aSpec(), tasks };
  const results = fileResults(folder);
  const request = RUNS[run];
  const document = run.endsWith('stitched')
    ? stitchedDocument(results, records)
    : reportDocument(results, records, request);
  let bytes = 0;
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done();
    },
  });
  const start = performance.now();
  await pipeline(document.body, sink);
  const seconds = (performance.now() - start) / 1_000;
  const rssMb = process.resourceUsage().maxRSS / 1_024;
  process.stdout.write(
    `${run.padEnd(28)} ${(bytes / 1e6).toFixed(0).padStart(6)} MB  ${(bytes / 1e6 / seconds).toFixed(0).padStart(5)} MB/s  ${rssMb.toFixed(0).padStart(4)} MB RSS\n`,
  );
}

/** The reference: the same bytes read from the same disk, and nothing done with them. */
async function measureReading(folder: string, tasks: readonly Task[]): Promise<void> {
  let bytes = 0;
  const start = performance.now();
  for (const { result } of tasks)
    for await (const chunk of createReadStream(join(folder, `${result?.prefix}${FINDINGS_FILE}`)))
      bytes += chunk.length;
  const rate = bytes / 1e6 / ((performance.now() - start) / 1_000);
  process.stdout.write(
    `${'(reading the members alone)'.padEnd(28)} ${(bytes / 1e6).toFixed(0).padStart(6)} MB  ${rate.toFixed(0).padStart(5)} MB/s\n`,
  );
}

async function main(): Promise<void> {
  const [first, second] = process.argv.slice(2);
  if (first !== undefined && second !== undefined) return measure(first, second as Run);
  const megabytes = Number(first ?? 1_000);
  const folder = await mkdtemp(join(tmpdir(), 'export-memory-'));
  try {
    const tasks: Task[] = [];
    for (let n = 0; n < TASKS; n += 1) tasks.push(await writeTask(folder, taskIdOf(n), (megabytes * 1e6) / TASKS));
    await writeFile(join(folder, 'tasks.json'), JSON.stringify(tasks));
    await measureReading(folder, tasks);
    for (const run of Object.keys(RUNS)) await once(fork(import.meta.filename, [folder, run]), 'exit');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
