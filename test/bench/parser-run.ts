/** Runs of a parser over files: what each pipeline does, one run in a process of its own, and the line that tells how it went. */
import { spawnSync } from 'node:child_process';
import { createReadStream, writeSync } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { SaxesParser } from 'saxes';
import type { Scanner } from '#containers/scan-worker/scanner.ts';
import type { Finding } from '#shared/finding/finding.ts';
import { ndjsonGzipWriter } from '#shared/report/gzip-member.ts';

/** Reads the file; how many records it delivered. */
export type Pipeline = (path: string) => Promise<number>;

/** Parsed between two writes, as `scanfleet parse` does it. */
const STEP_BYTES = 16 * 1024;
const DETECTED_AT = '2026-11-21T00:00:00.000Z';

type ParserOf = Scanner['parser'];

/** End to end as `scanfleet parse` does it: read, parse, normalise, fingerprint, serialise, write. */
export const toNdjson =
  (parserOf: ParserOf): Pipeline =>
  async (path) => {
    await using out = await open(`${path}.out`, 'w');
    return await serialise(parserOf, path, (lines) => void writeSync(out.fd, lines));
  };

/** The same through gzip at level 1. */
export const toGzip =
  (parserOf: ParserOf): Pipeline =>
  async (path) => {
    await using out = await open(`${path}.out`, 'w');
    const gzip = createGzip({ level: constants.Z_BEST_SPEED });
    const written = gzip.pipe(out.createWriteStream());
    const findings = await serialise(parserOf, path, (lines) => new Promise((done) => gzip.write(lines, done)));
    gzip.end();
    await finished(written);
    return findings;
  };

/** The same as a task's result is written. */
export const toResult =
  (parserOf: ParserOf): Pipeline =>
  async (path) => {
    await using out = await open(`${path}.out`, 'w');
    const writer = ndjsonGzipWriter((bytes) => out.appendFile(bytes));
    const sink = { finding: (finding: Finding) => writer.add(finding), host: () => undefined };
    const parser = parserOf(sink, { detectedAt: DETECTED_AT });
    for await (const chunk of createReadStream(path)) {
      parser.write(chunk);
      await writer.drain();
    }
    parser.end();
    return (await writer.end()).findings;
  };

/** Bare saxes: tokens only. */
export const saxes: Pipeline = async (path) => {
  let elements = 0;
  const parser = new SaxesParser();
  parser.on('opentag', () => {
    elements += 1;
  });
  parser.on('text', () => undefined);
  const decoder = new TextDecoder();
  for await (const chunk of createReadStream(path)) parser.write(decoder.decode(chunk, { stream: true }));
  parser.close();
  return elements;
};

/** NDJSON, handed to `put` step by step; `put` may say when to go on. */
async function serialise(
  parserOf: ParserOf,
  path: string,
  put: (lines: string) => Promise<unknown> | undefined,
): Promise<number> {
  let lines = '';
  const finding = (found: Finding) => {
    lines += `${JSON.stringify(found)}\n`;
  };
  const parser = parserOf({ finding, host: () => undefined }, { detectedAt: DETECTED_AT });
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>)
    for (let from = 0; from < chunk.length; from += STEP_BYTES) {
      parser.write(chunk.subarray(from, from + STEP_BYTES));
      if (lines !== '') await put(lines);
      lines = '';
    }
  return parser.end().findings;
}

/** A file to make, and the pipelines to run over it, in this order. */
export interface Measured {
  readonly write: (path: string) => Promise<void>;
  readonly names: readonly string[];
}

/** Runs `script` once for each name, with the name and the file's path as its arguments. */
export async function measureEach(script: string, files: readonly Measured[]): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'parser-bench-'));
  const path = join(directory, 'input');
  try {
    for (const { write, names } of files) {
      await write(path);
      for (const name of names) spawnSync(process.execPath, [script, name, path], { stdio: 'inherit' });
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Throws for a name that `pipelines` does not have. Peak memory is the process's: measure one run a process. */
export async function runOne(pipelines: Readonly<Record<string, Pipeline>>, name: string, path: string): Promise<void> {
  const run = pipelines[name];
  if (run === undefined) throw new Error(`no pipeline ${name}`);
  const startedAt = performance.now();
  const delivered = await run(path);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const megabytes = (await stat(path)).size / 1e6;
  const perSecond = (megabytes / seconds).toFixed(0);
  const perCpuSecond = (megabytes / ((userCPUTime + systemCPUTime) / 1e6)).toFixed(0);
  process.stdout.write(
    `${name.padEnd(8)} ${megabytes.toFixed(0).padStart(5)} MB ${perSecond.padStart(4)} MB/s ${perCpuSecond.padStart(4)} MB/CPU-s  peak ${(maxRSS / 1024).toFixed(0)} MB  (${delivered} delivered)\n`,
  );
}
