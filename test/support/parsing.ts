/** Running a scanner's parser over whole inputs. */
import type { HostSeen, ParseContext, Parser, ParseSink, ParseSummary } from '#containers/scan-worker/scanner.ts';
import type { Finding } from '#shared/finding/finding.ts';

export interface Parsed {
  readonly findings: Finding[];
  readonly hosts: HostSeen[];
  readonly summary: ParseSummary;
}

export interface Input extends Pick<ParseContext, 'targets'> {
  /** How long the pieces are in which the input arrives, again and again; one piece when absent. */
  readonly sizes?: readonly number[];
  readonly stderr?: string;
}

export const DETECTED_AT = '2026-11-21T10:00:00.000Z';

export function parseWith(
  parserOf: (sink: ParseSink, context: ParseContext) => Parser,
  input: Uint8Array | string,
  { sizes = [], stderr = '', ...context }: Input = {},
): Parsed {
  const findings: Finding[] = [];
  const hosts: HostSeen[] = [];
  const parser = parserOf(
    { finding: (finding) => findings.push(finding), host: (host) => hosts.push(host) },
    { detectedAt: DETECTED_AT, ...context },
  );
  for (const piece of piecesOf(Buffer.from(stderr), sizes)) parser.writeStderr?.(piece);
  for (const piece of piecesOf(typeof input === 'string' ? Buffer.from(input) : input, sizes)) parser.write(piece);
  return { findings, hosts, summary: parser.end() };
}

export function* piecesOf(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let from = 0, i = 0; from < bytes.length; i += 1) {
    const size = sizes.length === 0 ? bytes.length : (sizes[i % sizes.length] as number);
    yield bytes.subarray(from, from + size);
    from += size;
  }
}
