/**
 * The records of a JSON file as a stream, one value after the other: lines of JSON (https://jsonlines.org), or the objects in one array.
 * Which of the two it is, its first byte says. Objects that were laid out for people, on many lines each, are read by their braces. What cannot be read is left out and its place told; what comes after it is read.
 */
import { arrayItems, objectSequence } from './array-items.ts';
import { byteLines } from './lines.ts';
import { BYTES, isBlank, type JsonFault, MAX_RECORD_BYTES, type RecordSplitter } from './splitter.ts';

export interface JsonRecords {
  write(chunk: Uint8Array): void;
  /** The first thing that could not be read. */
  end(): JsonFault | undefined;
}

/** So many records that cannot be read are no broken file but something else, and not read to its end. */
const MAX_UNREAD = 1_000;

/**
 * Calls `deliver` with each value. What it returns, if anything, is why the value is not one that belongs here. `anyLayout`: a value may
 * stand on many lines; the price is that a broken one can take those behind it with it.
 */
export function jsonRecords(
  deliver: (value: unknown) => string | undefined,
  { anyLayout = false }: { readonly anyLayout?: boolean } = {},
): JsonRecords {
  let splitter: RecordSplitter | undefined;
  let offset = 0;
  let fault: JsonFault | undefined;
  let unread = 0;
  const read = (bytes: Buffer | undefined, byteOffset: number) => {
    if (unread >= MAX_UNREAD) return;
    const reason = bytes === undefined ? `a record of more than ${MAX_RECORD_BYTES} bytes` : readOne(bytes);
    if (reason === undefined) return;
    fault ??= { reason, byteOffset };
    unread += 1;
  };
  const readOne = (bytes: Buffer): string | undefined => {
    const value = parsed(bytes);
    return value === undefined ? 'a record that is not JSON' : deliver(value);
  };
  const splitterFor = (first: number | undefined, begin: number) =>
    first === BYTES.openBracket ? arrayItems(begin, read) : (anyLayout ? objectSequence : byteLines)(begin, read);
  return {
    write(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      const first = splitter === undefined ? bytes.findIndex((byte) => !isBlank(byte)) : 0;
      if (first !== -1) {
        splitter ??= splitterFor(bytes[first], offset + first);
        splitter.write(bytes.subarray(first));
      }
      offset += bytes.length;
    },
    end() {
      const unfinished = splitter?.end();
      return fault ?? unfinished;
    },
  };
}

/** Undefined for what is not JSON. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
