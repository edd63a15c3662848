/**
 * How fast nmap's XML becomes findings, and in how much memory. Prints, for files of 10 MB, 185 MB and 1 GB: `ndjson`, end to end, and
 * beside it bare `saxes` (tokens only); and for 185 MB also `gzip-1`, the same through gzip at level 1, and `worker`, the same as a task's
 * result is written. Each line is a process of its own, its start included in the CPU time; peak is its largest resident set.
 * Run: `node test/bench/nmap-parser.ts`.
 */
import { nmapParser } from '#containers/scan-worker/scanners/nmap/parse.ts';
import { writeNmapXml } from '#test/support/nmap-xml.ts';
import { measureEach, runOne, saxes, toGzip, toNdjson, toResult } from './parser-run.ts';

const PIPELINES = { saxes, ndjson: toNdjson(nmapParser), 'gzip-1': toGzip(nmapParser), worker: toResult(nmapParser) };

const ofHosts = (hosts: number, ...names: (keyof typeof PIPELINES)[]) => ({
  write: (path: string) => writeNmapXml(path, hosts),
  names,
});

const [name, path] = process.argv.slice(2);
if (name !== undefined && path !== undefined) await runOne(PIPELINES, name, path);
else
  await measureEach(import.meta.filename, [
    ofHosts(5_750, 'saxes', 'ndjson'),
    ofHosts(106_500, 'saxes', 'ndjson', 'saxes', 'ndjson', 'saxes', 'ndjson', 'gzip-1', 'worker'),
    ofHosts(575_000, 'saxes', 'ndjson'),
  ]);
