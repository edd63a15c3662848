/** The end of a scanner's stderr: what a task's error shows of it. */

const MAX_BYTES = 1024;
/** C0 and C1 controls (but the line feed), and the characters that reorder or hide text (Unicode, UAX 9 and 44). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found
const UNSAFE = /[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

export interface StderrTail {
  write(chunk: Uint8Array): void;
  /** At most 1 KB of UTF-8, control characters replaced by spaces. */
  text(): string;
}

/** Keeps the newest bytes of what is written. */
export function stderrTail(): StderrTail {
  let kept = Buffer.alloc(0);
  return {
    write(chunk) {
      kept = Buffer.from(lastBytes(Buffer.concat([kept, lastBytes(chunk)])));
    },
    text() {
      const safe = kept.toString('utf8').replace(UNSAFE, ' ').trim();
      return fromCharacterStart(lastBytes(Buffer.from(safe))).toString('utf8');
    },
  };
}

const lastBytes = (bytes: Uint8Array): Uint8Array => bytes.subarray(Math.max(0, bytes.length - MAX_BYTES));

/** Steps over the rest of a character that was cut: continuation bytes are 10xxxxxx (RFC 3629). */
function fromCharacterStart(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => (byte & 0b1100_0000) !== 0b1000_0000);
  return Buffer.from(bytes.subarray(start === -1 ? bytes.length : start));
}
