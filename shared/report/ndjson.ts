/** The report as NDJSON: one finding a line, then a line that says it is whole. */
import type { ReportSource } from './source.ts';

/** The last line. A report without it was cut. */
export const endLine = (findings: number): Buffer => Buffer.from(`${JSON.stringify({ end: true, findings })}\n`);

export async function* ndjsonReport({ counts, lines }: ReportSource): AsyncGenerator<Uint8Array> {
  yield* lines();
  yield endLine(counts.findings);
}
