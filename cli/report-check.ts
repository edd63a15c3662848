/** Telling a whole report from a cut one while it passes by: constant memory, whatever its size. */
import * as z from 'zod';
import { UnavailableError } from '#shared/errors.ts';
import type { ReportFormat } from '#shared/report/format.ts';
import { parseJson } from './exchange.ts';

/** Part of a report is missing. What was read of it must not pass for the whole. */
export class TruncatedReportError extends UnavailableError {
  constructor(why: string, options?: ErrorOptions) {
    super('report_truncated', `the report is cut: ${why}`, options);
  }
}

interface Check {
  write(chunk: Uint8Array): void;
  /** Findings seen; throws TruncatedReportError when the document does not end as it must. */
  end(): number;
}

const CHECKS: Record<ReportFormat, () => Check> = { json: jsonCheck, ndjson: ndjsonCheck };

/** Passes `body` on and throws TruncatedReportError at its end, if it holds not what its format and `expected` (the count header) promise. */
export async function* wholeReport(
  body: AsyncIterable<Uint8Array>,
  format: ReportFormat,
  expected: number | undefined,
): AsyncGenerator<Uint8Array> {
  const check = CHECKS[format]();
  try {
    for await (const chunk of body) {
      check.write(chunk);
      yield chunk;
    }
  } catch (cause) {
    throw new TruncatedReportError('the connection broke', { cause });
  }
  const findings = check.end();
  if (expected !== undefined && findings !== expected)
    throw new TruncatedReportError(`${findings} of ${expected} findings arrived`);
}

const LF = 0x0a;
/** More than the end line can take: `{"end":true,"findings":9007199254740991}`. */
const TAIL_BYTES = 128;
const EndLine = z.object({ end: z.literal(true), findings: z.int().min(0) });

/** The last line says how many lines of findings stand before it. */
function ndjsonCheck(): Check {
  let lines = 0;
  let tail = Buffer.alloc(0);
  return {
    write(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines += 1;
      tail = Buffer.concat([tail, bytes.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    },
    end() {
      const last = tail.toString('utf8').trimEnd().split('\n').at(-1) ?? '';
      const end = EndLine.safeParse(parseJson(last));
      if (!end.success) throw new TruncatedReportError('its end line is missing');
      const findings = lines - 1;
      if (end.data.findings !== findings)
        throw new TruncatedReportError(`${findings} of ${end.data.findings} findings arrived`);
      return findings;
    },
  };
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * `{ job, coverage, counts, findings: [ … ] }`, findings last: its outermost brace must close, and the objects of its last list are
 * the findings. Only brackets outside strings count; all of JSON's syntax is ASCII, so a byte is never part of another character.
 */
function jsonCheck(): Check {
  let depth = 0;
  let begun = false;
  let inString = false;
  let escaped = false;
  let objects = 0;

  const open = (byte: number) => {
    begun = true;
    depth += 1;
    if (depth === 2 && byte === OPEN_LIST) objects = 0;
    if (depth === 3 && byte === OPEN_OBJECT) objects += 1;
  };
  const outside = (byte: number) => {
    if (byte === QUOTE) inString = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) open(byte);
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth -= 1;
  };
  const inside = (byte: number) => {
    if (escaped) escaped = false;
    else if (byte === BACKSLASH) escaped = true;
    else if (byte === QUOTE) inString = false;
  };
  return {
    write(chunk) {
      for (const byte of chunk) inString ? inside(byte) : outside(byte);
    },
    end() {
      if (depth !== 0 || !begun) throw new TruncatedReportError('its closing brace is missing');
      return objects;
    },
  };
}
