/** The report as one JSON document: `job`, `coverage`, `counts`, `findings`, in that order: who reads it as a stream first learns what it is about. */
import type { ReportSource } from './source.ts';

const NEWLINE = 0x0a;
const COMMA = 0x2c;

export async function* jsonReport({ job, counts, coverage, lines }: ReportSource): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`{"job":${JSON.stringify(await job())},"coverage":[`);
  let separator = '';
  for await (const entries of coverage()) {
    if (entries.length === 0) continue;
    yield Buffer.from(separator + entries.map((entry) => JSON.stringify(entry)).join(','));
    separator = ',';
  }
  yield Buffer.from(`],"counts":${JSON.stringify(counts)},"findings":[`);
  yield* commaSeparated(lines());
  yield Buffer.from(']}\n');
}

/** Lines of JSON as the elements of an array, by their bytes: each newline but the last becomes a comma. None stands within a line: JSON escapes it. */
async function* commaSeparated(lines: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  let afterLine = false;
  for await (const chunk of lines) {
    if (chunk.length === 0) continue;
    if (afterLine) yield Uint8Array.of(COMMA);
    afterLine = chunk.at(-1) === NEWLINE;
    const elements = afterLine ? chunk.subarray(0, -1) : chunk;
    for (let at = elements.indexOf(NEWLINE); at !== -1; at = elements.indexOf(NEWLINE, at + 1)) elements[at] = COMMA;
    yield elements;
  }
}
