/**
 * One gzip stream out of many tasks' members without compressing anything again: one header, each member's blocks, the end line, one
 * final block, one trailer with the combined CRC-32. (Several members in one body would be legal gzip, but curl and Chromium stop after
 * the first.)
 */
import { crc32 } from 'node:zlib';
import type { Results } from '../finding/results.ts';
import type { TaskResult } from '../task/task.ts';
import { crc32Combine } from './crc32-combine.ts';
import { deflateOpen, GZIP_HEADER, gzipTail } from './gzip-member.ts';
import { memberMiddles } from './task-findings.ts';

/** `lastLine` follows the findings of `of`, which are in the order given. */
export async function* stitched(
  results: Results,
  of: readonly TaskResult[],
  lastLine: Uint8Array,
): AsyncGenerator<Uint8Array> {
  let crc = 0;
  let plainBytes = 0;
  const append = (nextCrc: number, nextBytes: number) => {
    crc = crc32Combine(crc, nextCrc, nextBytes);
    plainBytes += nextBytes;
  };
  yield GZIP_HEADER;
  for await (const { result, bytes } of memberMiddles(results, of)) {
    yield* bytes;
    append(result.crc32, result.plainBytes);
  }
  yield await deflateOpen(lastLine);
  append(crc32(lastLine), lastLine.byteLength);
  yield gzipTail(crc, plainBytes);
}
