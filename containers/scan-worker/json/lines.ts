/** One record a line. A last line without its line feed is a record too, if it can be read. */
import { BYTES, isBlank, type OnRecord, type RecordSplitter, recordKeeper } from './splitter.ts';

const EMPTY = Buffer.alloc(0);

/** `begin`: where the first line begins. */
export function byteLines(begin: number, onRecord: OnRecord): RecordSplitter {
  const line = recordKeeper();
  let lineBegin = begin;
  const endLine = () => {
    const length = line.length();
    const bytes = length === 0 ? EMPTY : line.take();
    if (!bytes?.every(isBlank)) onRecord(bytes, lineBegin);
    lineBegin += length + 1;
  };
  return {
    write(chunk) {
      let from = 0;
      for (let end = chunk.indexOf(BYTES.lineFeed); end !== -1; end = chunk.indexOf(BYTES.lineFeed, from)) {
        line.keep(chunk.subarray(from, end));
        endLine();
        from = end + 1;
      }
      line.keep(chunk.subarray(from));
    },
    end() {
      endLine();
      return undefined;
    },
  };
}
