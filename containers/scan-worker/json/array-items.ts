/** Objects, in one JSON array or one after the other, wherever their lines break: found by their braces, without reading what is in them. */
import { BYTES, isBlank, type JsonFault, type OnRecord, type RecordSplitter, recordKeeper } from './splitter.ts';

type Place = 'before' | 'inside' | 'behind';

interface Layout {
  readonly start: Place;
  /** What may stand between the items, and where the reading is after it. */
  readonly between: Readonly<Record<Place, Readonly<Record<number, Place>>>>;
  /** Where the reading must be at the end. */
  readonly end: Place;
  readonly faults: { readonly stray: string; readonly cut: string };
}

const ARRAY: Layout = {
  start: 'before',
  between: {
    before: { [BYTES.openBracket]: 'inside' },
    inside: { [BYTES.comma]: 'inside', [BYTES.closeBracket]: 'behind' },
    behind: {},
  },
  end: 'behind',
  faults: {
    stray: 'an array with something else in it, or after it, than objects',
    cut: 'cut off inside the array',
  },
};
const SEQUENCE: Layout = {
  start: 'inside',
  between: { before: {}, inside: {}, behind: {} },
  end: 'inside',
  faults: { stray: 'something else than an object', cut: 'cut off inside an object' },
};

/** `begin`: where the array's bracket is, which is the first byte that comes. */
export const arrayItems = (begin: number, onRecord: OnRecord): RecordSplitter => objects(ARRAY, begin, onRecord);

/** `begin`: where the first object begins. One that is broken can take those behind it with it: lines are read by byteLines. */
export const objectSequence = (begin: number, onRecord: OnRecord): RecordSplitter => objects(SEQUENCE, begin, onRecord);

function objects(layout: Layout, begin: number, onRecord: OnRecord): RecordSplitter {
  const { start, between, faults } = layout;
  const item = recordKeeper();
  const nesting = objectNesting();
  let offset = begin;
  let itemBegin = begin;
  let place: Place = start;
  let fault: JsonFault | undefined;

  const isItem = (byte: number | undefined) => place === 'inside' && byte === BYTES.openBrace;
  /** Whether `byte` may stand where the reading is. */
  function passes(byte: number): boolean {
    const next = isBlank(byte) ? place : between[place][byte];
    place = next ?? place;
    return next !== undefined;
  }
  /** Where the next item begins; the chunk's end when none does. */
  function nextItem(chunk: Buffer, at: number): number {
    const skipped = chunk.subarray(at).findIndex((byte) => isItem(byte) || !passes(byte));
    if (skipped === -1 || isItem(chunk[at + skipped])) return skipped === -1 ? chunk.length : at + skipped;
    fault = { reason: faults.stray, byteOffset: offset + at + skipped };
    return chunk.length;
  }
  return {
    write(chunk) {
      for (let at = 0; at < chunk.length && fault === undefined; ) {
        if (nesting.isOutside()) {
          at = nextItem(chunk, at);
          itemBegin = offset + at;
        }
        const end = nesting.read(chunk, at);
        item.keep(chunk.subarray(at, end));
        if (nesting.isOutside() && item.length() > 0) onRecord(item.take(), itemBegin);
        at = end;
      }
      offset += chunk.length;
    },
    end() {
      const isWhole = place === layout.end && nesting.isOutside();
      return fault ?? (isWhole ? undefined : { reason: faults.cut, byteOffset: offset });
    },
  };
}

const stepOf = (byte: number): number => (byte === BYTES.openBrace ? 1 : byte === BYTES.closeBrace ? -1 : 0);

/** How deep in an object the reading is; braces in texts do not count. */
function objectNesting() {
  let depth = 0;
  let inText = false;
  let isEscaped = false;
  const readText = (byte: number) => {
    if (isEscaped) isEscaped = false;
    else if (byte === BYTES.backslash) isEscaped = true;
    else inText = byte !== BYTES.quote;
  };
  return {
    isOutside: () => depth === 0,
    /** From `at`, inside an object or at its first brace, to just behind its last, or to the chunk's end. */
    read(chunk: Buffer, at: number): number {
      for (let i = at; i < chunk.length; i += 1) {
        const byte = chunk[i] as number;
        if (inText) readText(byte);
        else if (byte === BYTES.quote) inText = true;
        else depth += stepOf(byte);
        if (depth === 0) return i + 1;
      }
      return chunk.length;
    },
  };
}
