/**
 * One file for one object or part: its bytes, then what is known about them as JSON, then the JSON's length and a mark. Bytes and facts
 * thus appear, change and go together, by one rename; and neither has to be known before the last byte has come.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { CorruptError } from '#shared/errors.ts';

const Facts = z.object({
  key: z.string(),
  bytes: z.int(),
  /** Without quotes. */
  etag: z.string(),
  modifiedAt: z.iso.datetime(),
  /** Content-Type and its kin, by lower-case name. */
  headers: z.record(z.string(), z.string()),
  /** The user's own, by name without `x-amz-meta-`. */
  metadata: z.record(z.string(), z.string()),
});
export type Facts = z.output<typeof Facts>;

const MARK = Buffer.from('S3F1');
const TAIL_BYTES = 4 + MARK.length;

/** What is known of a file before its bytes. */
export type Given = Omit<Facts, 'bytes' | 'etag'> & { readonly etag?: string | undefined };

/** Writes a new file at `path`. What `body` throws is passed on, and no file is left. `etag` is the MD5 unless it is given. */
export async function writeStored(path: string, body: AsyncIterable<Uint8Array>, given: Given): Promise<Facts> {
  const md5 = createHash('md5');
  let bytes = 0;
  let facts: Facts | undefined;
  const content = async function* () {
    for await (const chunk of body) {
      if (given.etag === undefined) md5.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
    facts = { ...given, bytes, etag: given.etag ?? md5.digest('hex') };
    yield tailOf(facts);
  };
  try {
    await pipeline(content, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return facts as Facts;
}

function tailOf(facts: Facts): Buffer {
  const json = Buffer.from(JSON.stringify(facts));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([json, length, MARK]);
}

export interface StoredFile {
  readonly facts: Facts;
  /** The bytes from `start` to `end`, both inclusive. Closes the file when it ends or is destroyed. */
  read(start: number, end: number): Readable;
  close(): Promise<void>;
}

const READ_BYTES = 256 * 1024;

/** An open file stays as it was opened, whatever becomes of its name. Undefined when there is none; CorruptError when it is none of ours. */
export async function openStored(path: string): Promise<StoredFile | undefined> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (handle === undefined) return undefined;
  try {
    const facts = await readFacts(handle, path);
    return {
      facts,
      read: (start, end) => handle.createReadStream({ start, end, highWaterMark: READ_BYTES }),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The facts alone. */
export async function storedFacts(path: string): Promise<Facts | undefined> {
  const file = await openStored(path);
  await file?.close();
  return file?.facts;
}

async function readFacts(handle: FileHandle, path: string): Promise<Facts> {
  const { size } = await handle.stat();
  const tail = await readAt(handle, size - TAIL_BYTES, TAIL_BYTES);
  if (!tail.subarray(4).equals(MARK)) throw new CorruptError('stored_file', `${path} is not a stored object`);
  const length = tail.readUInt32BE();
  const json = await readAt(handle, size - TAIL_BYTES - length, length);
  return Facts.parse(JSON.parse(json.toString('utf8')));
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  await handle.read(bytes, 0, length, Math.max(0, position));
  return bytes;
}
