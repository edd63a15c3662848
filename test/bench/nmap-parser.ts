/**
 * How fast nmap's XML becomes findings, and in how much memory. Prints, for files of 10 MB, 185 MB and 1 GB: `ndjson`,
 * end to end as `scanfleet parse` does it (read, parse, normalise, fingerprint, serialise, write), and beside it bare `saxes` (tokens
 * only); and for 185 MB also `gzip-1`, the same through gzip at level 1, and `worker`, the same as a task's result is written. Each
 * line is a process of its own, its start included in the CPU time; peak is its largest resident set. Run: `node test/bench/nmap-parser.ts`.
 */
import { spawnSync } from 'node:child_process';
import { createReadStream, writeSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { SaxesParser } from 'saxes';
import { nmapParser } from '#containers/scan-worker/scanners/nmap/parse.ts';
import type { Finding } from '#shared/finding/finding.ts';
import { ndjsonGzipWriter } from '#shared/report/gzip-member.ts';
import { writeNmapXml } from '#test/support/nmap-xml.ts';
import { runOne } from './parser-run.ts';

/** Parsed between two writes, as `scanfleet parse` does it. */
const STEP_BYTES = 16 * 1024;
const DETECTED_AT = '2026-11-21T00:00:00.000Z';

/** NDJSON, handed to `put` step by step; `put` may say when to go on. */
async function toNdjson(path: string, put: (lines: string) => Promise<unknown> | undefined): Promise<number> {
  let lines = '';
  const parser = nmapParser(
    {
      finding(finding) {
        lines += `${JSON.stringify(finding)}\n`;
      },
      host: () => undefined,
    },
    { detectedAt: DETECTED_AT },
  );
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>)
    for (let from = 0; from < chunk.length; from += STEP_BYTES) {
      parser.write(chunk.subarray(from, from + STEP_BYTES));
      if (lines !== '') await put(lines);
      lines = '';
    }
  return parser.end().findings;
}

const PIPELINES: Record<string, (path: string) => Promise<number>> = {
  async ndjson(path) {
    await using out = await open(`${path}.out`, 'w');
    return await toNdjson(path, (lines) => void writeSync(out.fd, lines));
  },
  async 'gzip-1'(path) {
    await using out = await open(`${path}.out`, 'w');
    const gzip = createGzip({ level: constants.Z_BEST_SPEED });
    const written = gzip.pipe(out.createWriteStream());
    const findings = await toNdjson(path, (lines) => new Promise((resolve) => gzip.write(lines, resolve)));
    gzip.end();
    await finished(written);
    return findings;
  },
  async worker(path) {
    await using out = await open(`${path}.out`, 'w');
    const writer = ndjsonGzipWriter((bytes) => out.appendFile(bytes));
    const sink = { finding: (finding: Finding) => writer.add(finding), host: () => undefined };
    const parser = nmapParser(sink, { detectedAt: DETECTED_AT });
    for await (const chunk of createReadStream(path)) {
      parser.write(chunk);
      await writer.drain();
    }
    parser.end();
    return (await writer.end()).findings;
  },
  async saxes(path) {
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
  },
};

async function runAll(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'nmap-bench-'));
  const measure = (name: string, path: string) =>
    spawnSync(process.execPath, [import.meta.filename, name, path], { stdio: 'inherit' });
  try {
    for (const [hosts, names] of [
      [5_750, ['saxes', 'ndjson']],
      [106_500, ['saxes', 'ndjson', 'saxes', 'ndjson', 'saxes', 'ndjson', 'gzip-1', 'worker']],
      [575_000, ['saxes', 'ndjson']],
    ] as const) {
      const path = join(directory, `${hosts}.xml`);
      await writeNmapXml(path, hosts);
      for (const name of names) measure(name, path);
      await rm(path);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

const [name, path] = process.argv.slice(2);
await (name === undefined || path === undefined ? runAll() : runOne(PIPELINES, name, path));
