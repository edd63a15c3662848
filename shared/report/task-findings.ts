/** The findings a job's tasks left in S3, in task order. */
import { concurrently } from '../concurrently.ts';
import { CorruptError } from '../errors.ts';
import { FINDINGS_FILE, type Results } from '../finding/results.ts';
import type { Task, TaskResult } from '../task/task.ts';
import { type Bytes, collect } from './bytes.ts';
import { GZIP_HEADER, GZIP_TAIL_BYTES } from './gzip-member.ts';

/** Members up to this size are fetched whole, a few ahead of the one being sent; larger ones stream. */
const SMALL_BYTES = 1024 * 1024;
const AHEAD = 8;

/** A task's member, whole or without its ends. */
export interface MemberBytes {
  readonly result: TaskResult;
  readonly bytes: Bytes;
}

/** Results that hold findings. The attempt that counts is the one the task's record names; whatever else lies in S3 is nobody's. */
export const resultsWithFindings = (tasks: readonly Task[]): TaskResult[] =>
  tasks.flatMap(({ result }) => (result === undefined || result.findings === 0 ? [] : [result]));

export const wholeMembers = (results: Results, of: readonly TaskResult[]): AsyncIterable<MemberBytes> =>
  members(results, of, (result) => ({ start: 0, end: result.bytes - 1 }));

/** Each member's deflate blocks alone. */
export const memberMiddles = (results: Results, of: readonly TaskResult[]): AsyncIterable<MemberBytes> =>
  members(results, of, (result) => ({ start: GZIP_HEADER.byteLength, end: result.bytes - GZIP_TAIL_BYTES - 1 }));

interface Range {
  readonly start: number;
  readonly end: number;
}

function members(
  results: Results,
  of: readonly TaskResult[],
  rangeOf: (result: TaskResult) => Range,
): AsyncIterable<MemberBytes> {
  return concurrently(of, AHEAD, async (result) => {
    const range = rangeOf(result);
    const key = `${result.prefix}${FINDINGS_FILE}`;
    const stream = exactly(results.read(key, range), range.end - range.start + 1, key);
    const small = result.bytes <= SMALL_BYTES;
    return { result, bytes: small ? once(await collect(stream)) : stream };
  });
}

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}

/** Throws CorruptError when the object is not as long as the task's record says: a report must not be cut short unnoticed. */
async function* exactly(bytes: Bytes, expectedBytes: number, key: string): AsyncGenerator<Uint8Array> {
  let got = 0;
  for await (const chunk of bytes) {
    got += chunk.byteLength;
    yield chunk;
  }
  if (got !== expectedBytes)
    throw new CorruptError('result_size', `${key} gave ${got} bytes where its task recorded ${expectedBytes}`);
}
