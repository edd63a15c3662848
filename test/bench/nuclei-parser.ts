/**
 * How fast nuclei's JSONL becomes findings, and in how much memory. Prints, for files of 10 MB, 180 MB and 1 GB: `ndjson`, end to end as
 * `scanfleet parse` does it (read, parse, normalise, fingerprint, serialise, write), and beside it `bare`, which splits the lines and calls
 * JSON.parse, nothing more. Each line is a process of its own; peak is its largest resident set. Run: `node test/bench/nuclei-parser.ts`,
 * with megabytes for other sizes.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { nucleiParser } from '#containers/scan-worker/scanners/nuclei/parse.ts';
import { measureEach, type Pipeline, runOne, toNdjson } from './parser-run.ts';

/** Of a page that was answered, with what JSON must escape: a record is about 3 KB, as most in the wild. */
const PAGE = '<p class="x">Some \\ words\r\n\tof a page.</p>'.repeat(40);

const recordOf = (n: number): string =>
  JSON.stringify({
    template: `http/cves/${n % 500}.yaml`,
    'template-id': `template-${n % 500}`,
    info: {
      name: `Weakness ${n % 500}`,
      author: ['somebody'],
      tags: ['web', 'exposure', `tag-${n % 50}`],
      description: 'What the template says of it, in a sentence or two of the usual length. '.repeat(3),
      reference: ['https://docs.example/one', 'https://docs.example/two'],
      severity: ['info', 'low', 'medium', 'high', 'critical'][n % 5],
      classification: { 'cve-id': [`CVE-2021-${1_000 + (n % 9_000)}`], 'cwe-id': ['cwe-79'], 'cvss-score': 7.5 },
    },
    type: 'http',
    host: `https://host-${n % 1_000}.example`,
    'matched-at': `https://host-${n % 1_000}.example/path/${n}`,
    'extracted-results': [`v${n}`],
    request: 'GET / HTTP/1.1\r\nHost: app.example\r\nUser-Agent: somebody\r\n\r\n',
    response: PAGE,
    ip: `198.51.100.${n % 250}`,
    timestamp: '2026-11-21T10:00:00.123456789Z',
    'matcher-status': true,
  });

async function writeRecords(path: string, megabytes: number): Promise<void> {
  await using file = await open(path, 'w');
  const lines = Array.from({ length: 1_000 }, (_, n) => `${recordOf(n)}\n`).join('');
  for (let left = megabytes * 1e6; left > 0; left -= Buffer.byteLength(lines)) await file.write(lines);
}

const PIPELINES: Record<string, Pipeline> = {
  ndjson: toNdjson(nucleiParser),
  async bare(path) {
    let records = 0;
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, from)) {
        const value: unknown = JSON.parse(bytes.toString('utf8', from, end));
        if (value !== null) records += 1;
        from = end + 1;
      }
      rest = bytes.subarray(from);
    }
    return records;
  },
};

const ofMegabytes = (megabytes: number) => ({
  write: (path: string) => writeRecords(path, megabytes),
  names: ['bare', 'ndjson', 'bare', 'ndjson'],
});

const [name, path] = process.argv.slice(2);
if (name !== undefined && path !== undefined) await runOne(PIPELINES, name, path);
else await measureEach(import.meta.filename, (name === undefined ? [10, 180, 1_000] : [Number(name)]).map(ofMegabytes));
