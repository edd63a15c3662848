/** What finds the records of a file, without reading them. */

export interface JsonFault {
  readonly reason: string;
  readonly byteOffset: number;
}

export interface RecordSplitter {
  write(chunk: Buffer): void;
  /** Why not all of the input was read, when it was not. */
  end(): JsonFault | undefined;
}

/** Gets the bytes of one record, and where they begin; `undefined` for one that is too long and was given up. */
export type OnRecord = (bytes: Buffer | undefined, byteOffset: number) => void;

/** nuclei keeps at most 1 MiB of a response (`-response-size-save`), which JSON can make six times as long. */
export const MAX_RECORD_BYTES = 8 * 1024 * 1024;

export const BYTES = {
  tab: 0x09,
  lineFeed: 0x0a,
  carriageReturn: 0x0d,
  space: 0x20,
  quote: 0x22,
  comma: 0x2c,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

/** White space as JSON has it (RFC 8259, section 2). */
export const isBlank = (byte: number): boolean =>
  byte === BYTES.space || byte === BYTES.lineFeed || byte === BYTES.carriageReturn || byte === BYTES.tab;

/** The pieces of a record, as long as it is not too long. */
export function recordKeeper() {
  let pieces: Buffer[] = [];
  let bytes = 0;
  return {
    length: () => bytes,
    keep(piece: Buffer): void {
      if (piece.length === 0) return;
      bytes += piece.length;
      if (bytes <= MAX_RECORD_BYTES) pieces.push(piece);
      else pieces = [];
    },
    /** All that was kept, and then nothing; undefined when it was too long. */
    take(): Buffer | undefined {
      const taken = bytes > MAX_RECORD_BYTES ? undefined : pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
      pieces = [];
      bytes = 0;
      return taken;
    },
  };
}
