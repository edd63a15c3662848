/**
 * How fast .nessus files become findings, and in how much memory. Prints, for files of 10 MB, 290 MB and 1 GB: `ndjson`, end to end, and
 * beside it bare `saxes` (tokens only); and for 290 MB also `worker`, the same as a task's result is written. Each line is a process of its
 * own, its start included in the CPU time; peak is its largest resident set. Run: `node test/bench/nessus-parser.ts`.
 *
 * The goal is 80 MB/s under 200 MB. For comparison, parsing alone of 292 MB with 200,000 items, once measured on two cores: saxes 98 MB/s in
 * 136 MB, lxml 101, htmlparser2 72, Go's encoding/xml 31, pyTenable, which makes records of the items, 6.2.
 */
import { nessusParser } from '#containers/scan-worker/scanners/nessus/parse.ts';
import { writeNessusXml } from '#test/support/nessus-xml.ts';
import { measureEach, runOne, saxes, toNdjson, toResult } from './parser-run.ts';

const PIPELINES = { saxes, ndjson: toNdjson(nessusParser), worker: toResult(nessusParser) };

const ofHosts = (hosts: number, ...names: (keyof typeof PIPELINES)[]) => ({
  write: (path: string) => writeNessusXml(path, hosts),
  names,
});

const [name, path] = process.argv.slice(2);
if (name !== undefined && path !== undefined) await runOne(PIPELINES, name, path);
else
  await measureEach(import.meta.filename, [
    ofHosts(216, 'saxes', 'ndjson'),
    ofHosts(6_250, 'saxes', 'ndjson', 'saxes', 'ndjson', 'saxes', 'ndjson', 'worker'),
    ofHosts(21_600, 'saxes', 'ndjson'),
  ]);
