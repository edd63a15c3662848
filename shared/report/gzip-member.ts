/**
 * `findings.ndjson.gz`: one task's findings as exactly one gzip member (RFC 1952) of a form that several of them can be stitched into one
 * without being compressed again. The member is
 *
 *   10 bytes    header without any optional field
 *   …           deflate blocks (RFC 1951), ended by a full flush, so that they stop at a byte and refer to nothing before the member
 *   2 bytes     an empty final block, `03 00`
 *   8 bytes     CRC-32 and length mod 2^32 of the plain text, little-endian
 *
 * The worker writes it, reports cut off both ends and join the middles: stitch.ts.
 */
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';
import type { Finding } from '../finding/finding.ts';
import { noFindings, type SeverityCounts } from '../finding/severity.ts';

/** RFC 1952, section 2.3: magic, deflate, no flags, no time, no extra flags, operating system unknown. */
export const GZIP_HEADER: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
/** RFC 1951, section 3.2.6: last block, fixed codes, nothing but its end-of-block code. */
export const EMPTY_FINAL_BLOCK: Uint8Array = Uint8Array.of(0x03, 0x00);
/** The final block, the CRC-32 and the length. */
export const GZIP_TAIL_BYTES = 10;

/** The member's last 10 bytes. `plainBytes` may exceed 2^32: gzip keeps the remainder. */
export function gzipTail(crc: number, plainBytes: number): Uint8Array {
  const tail = new Uint8Array(GZIP_TAIL_BYTES);
  tail.set(EMPTY_FINAL_BLOCK);
  const view = new DataView(tail.buffer);
  view.setUint32(2, crc, true);
  view.setUint32(6, plainBytes % 2 ** 32, true);
  return tail;
}

const deflate = promisify(deflateRaw);

/** Deflate blocks that stop at a byte, refer to nothing before them and are not the last. */
export const deflateOpen = (plain: Uint8Array): Promise<Uint8Array> =>
  deflate(plain, { finishFlush: constants.Z_FULL_FLUSH });

/** What a task's record keeps of its member. */
export interface GzipMember {
  readonly findings: number;
  readonly bySeverity: Readonly<SeverityCounts>;
  /** Size of the member. */
  readonly bytes: number;
  /** CRC-32 and size of the NDJSON text within. */
  readonly crc32: number;
  readonly plainBytes: number;
}

export interface NdjsonGzipWriter {
  /** Takes one finding; synchronous, as a parser's sink must be. */
  add(finding: Finding): void;
  /** Hands on what was added, in whole blocks: awaited after each chunk of scanner output, memory stays flat. Rejects as `write` does. */
  drain(): Promise<void>;
  /** Hands on the rest and the tail; the member is then complete. */
  end(): Promise<GzipMember>;
}

/** Plain bytes compressed at a time: large enough that the flush after each costs under 1 %, small enough to lie in memory twice. */
const BLOCK_BYTES = 256 * 1024;

/** Writes findings as one member, in order, by `write`, which is never called twice at once. */
export function ndjsonGzipWriter(write: (bytes: Uint8Array) => Promise<void>): NdjsonGzipWriter {
  const bySeverity = noFindings();
  const counted = { findings: 0, bytes: 0, crc32: 0, plainBytes: 0 };
  let lines: string[] = [];
  let linesLength = 0;
  let blocks: Buffer[] = [];
  let headed = false;

  const closeBlock = () => {
    if (lines.length > 0) blocks.push(Buffer.from(lines.join('')));
    lines = [];
    linesLength = 0;
  };
  const put = async (bytes: Uint8Array) => {
    counted.bytes += bytes.byteLength;
    await write(bytes);
  };
  const drain = async () => {
    const ready = blocks;
    blocks = [];
    for (const block of ready) {
      if (!headed) await put(GZIP_HEADER);
      headed = true;
      counted.crc32 = crc32(block, counted.crc32);
      counted.plainBytes += block.byteLength;
      await put(await deflateOpen(block));
    }
  };
  return {
    add(finding) {
      const line = `${JSON.stringify(finding)}\n`;
      lines.push(line);
      linesLength += line.length;
      counted.findings += 1;
      bySeverity[finding.severity] += 1;
      if (linesLength >= BLOCK_BYTES) closeBlock();
    },
    drain,
    async end() {
      closeBlock();
      await drain();
      if (!headed) await put(GZIP_HEADER);
      await put(gzipTail(counted.crc32, counted.plainBytes));
      return { ...counted, bySeverity };
    },
  };
}
