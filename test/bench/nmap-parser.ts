/**
 * How fast nmap's XML becomes findings, and in how much memory. Prints, for one file of 100,000 hosts: end to end to NDJSON (parse,
 * normalise, fingerprint, serialise), the same with gzip as the worker writes it and at level 1, and bare saxes (tokens only) beside
 * them; then peak memory by file size. Each figure is a process of its own. Run: `node test/bench/nmap-parser.ts`.
 */
import { spawnSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { SaxesParser } from 'saxes';
import { nmapParser } from '#containers/scan-worker/scanners/nmap/parse.ts';
import type { Finding } from '#shared/finding/finding.ts';
import { ndjsonGzipWriter } from '#shared/report/gzip-member.ts';
import { writeNmapXml } from '#test/support/nmap-xml.ts';

const CHUNK_BYTES = 64 * 1024;
const BLOCK_CHARS = 256 * 1024;
const DETECTED_AT = '2026-11-21T00:00:00.000Z';

const chunks = (path: string): AsyncIterable<Buffer> => createReadStream(path, { highWaterMark: CHUNK_BYTES });

/** NDJSON, handed to `put` in blocks between two chunks of input. */
async function toNdjson(path: string, put: (block: Buffer) => Promise<unknown>): Promise<number> {
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
  const flush = async () => {
    const block = Buffer.from(lines);
    lines = '';
    await put(block);
  };
  for await (const chunk of chunks(path)) {
    parser.write(chunk);
    if (lines.length >= BLOCK_CHARS) await flush();
  }
  await flush();
  return parser.end().findings;
}

const PIPELINES: Record<string, (path: string) => Promise<number>> = {
  async ndjson(path) {
    await using out = await open(`${path}.out`, 'w');
    return await toNdjson(path, (block) => out.appendFile(block));
  },
  async 'gzip-1'(path) {
    await using out = await open(`${path}.out`, 'w');
    const gzip = createGzip({ level: constants.Z_BEST_SPEED });
    const written = gzip.pipe(out.createWriteStream());
    const findings = await toNdjson(path, (block) => new Promise((resolve) => gzip.write(block, resolve)));
    gzip.end();
    await finished(written);
    return findings;
  },
  async worker(path) {
    await using out = await open(`${path}.out`, 'w');
    const writer = ndjsonGzipWriter((bytes) => out.appendFile(bytes));
    const sink = { finding: (finding: Finding) => writer.add(finding), host: () => undefined };
    const parser = nmapParser(sink, { detectedAt: DETECTED_AT });
    for await (const chunk of chunks(path)) {
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
    for await (const chunk of chunks(path)) parser.write(decoder.decode(chunk, { stream: true }));
    parser.close();
    return elements;
  },
};

async function runOne(name: string, path: string): Promise<void> {
  const run = PIPELINES[name];
  if (run === undefined) throw new Error(`no pipeline ${name}`);
  const startedAt = performance.now();
  const count = await run(path);
  const seconds = (performance.now() - startedAt) / 1000;
  const megabytes = (await stat(path)).size / 1e6;
  const peak = process.resourceUsage().maxRSS / 1024;
  const rate = `${(megabytes / seconds).toFixed(0)} MB/s`.padStart(9);
  process.stdout.write(
    `${name.padEnd(8)} ${megabytes.toFixed(0).padStart(5)} MB ${rate}  peak ${peak.toFixed(0)} MB  (${count} delivered)\n`,
  );
}

async function runAll(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'nmap-bench-'));
  const measure = (name: string, path: string) =>
    spawnSync(process.execPath, [import.meta.filename, name, path], { stdio: 'inherit' });
  try {
    for (const [hosts, names] of [
      [100_000, ['saxes', 'ndjson', 'gzip-1', 'worker', 'saxes', 'ndjson']],
      [5_400, ['worker']],
      [540_000, ['worker']],
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
await (name === undefined || path === undefined ? runAll() : runOne(name, path));
