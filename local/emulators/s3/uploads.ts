/** Multipart uploads of one bucket: a folder for each, a file for each part. https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bucket, PutOptions } from './bucket.ts';
import { S3Fault } from './fault.ts';
import { namesOf } from './key-path.ts';
import { type Facts, openStored, storedFacts, writeStored } from './stored-file.ts';

export interface PartRef {
  readonly number: number;
  /** Without quotes. */
  readonly etag: string;
}

export interface Uploads {
  /** The id of a new upload. `given` is what the object will have. */
  create(given: Pick<Facts, 'key' | 'headers' | 'metadata'>): Promise<string>;
  putPart(key: string, uploadId: string, number: number, body: AsyncIterable<Uint8Array>): Promise<Facts>;
  /** Makes the object of the parts named, in their order. */
  complete(key: string, uploadId: string, parts: readonly PartRef[], options: PutOptions): Promise<Facts>;
  abort(key: string, uploadId: string): Promise<void>;
}

/** S3 user guide, "Amazon S3 multipart upload limits". */
const MIN_PART_BYTES = 5 * 1024 * 1024;
const UPLOAD_ID = /^[0-9a-f-]{36}$/;
/** A stored file without bytes: what the object will be. */
const PLAN = 'plan';

const nothing = async function* (): AsyncIterable<Uint8Array> {};

/** `folder` holds the uploads under way, `temporary` files being written, both on the bucket's file system. */
export function uploadsIn(bucket: Bucket, folder: string, temporary: string, now: () => Date): Uploads {
  const modifiedAt = () => now().toISOString();

  async function find(key: string, uploadId: string) {
    const path = join(folder, uploadId);
    const plan = UPLOAD_ID.test(uploadId) ? await storedFacts(join(path, PLAN)) : undefined;
    if (plan?.key !== key) throw new S3Fault('NoSuchUpload');
    return { path, plan };
  }

  return {
    async create(given) {
      namesOf(given.key); // Refuses now what `complete` would refuse.
      const uploadId = randomUUID();
      await mkdir(join(folder, uploadId), { recursive: true });
      await writeStored(join(folder, uploadId, PLAN), nothing(), { ...given, modifiedAt: modifiedAt() });
      return uploadId;
    },
    async putPart(key, uploadId, number, body) {
      const { path, plan } = await find(key, uploadId);
      const written = join(temporary, randomUUID());
      const facts = await writeStored(written, body, { ...plan, etag: undefined, modifiedAt: modifiedAt() });
      await rename(written, join(path, String(number)));
      return facts;
    },
    async complete(key, uploadId, parts, options) {
      const { path, plan } = await find(key, uploadId);
      const etag = await checkParts(path, parts);
      const given = { ...plan, etag, modifiedAt: modifiedAt() };
      const facts = await bucket.put(joined(path, parts), given, options);
      await rm(path, { recursive: true, force: true });
      return facts;
    },
    async abort(key, uploadId) {
      const { path } = await find(key, uploadId);
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** The whole's entity tag: the MD5 of the parts' MD5s, and their number. */
async function checkParts(folder: string, parts: readonly PartRef[]): Promise<string> {
  const inOrder = parts.every(({ number }, index) => index === 0 || (parts[index - 1] as PartRef).number < number);
  if (!inOrder) throw new S3Fault('InvalidPartOrder');
  const present = new Set(await readdir(folder));
  const md5 = createHash('md5');
  for (const [index, { number, etag }] of parts.entries()) {
    const facts = present.has(String(number)) ? await storedFacts(join(folder, String(number))) : undefined;
    if (facts === undefined || facts.etag !== etag) throw new S3Fault('InvalidPart');
    if (facts.bytes < MIN_PART_BYTES && index < parts.length - 1) throw new S3Fault('EntityTooSmall');
    md5.update(etag, 'hex');
  }
  return `${md5.digest('hex')}-${parts.length}`;
}

async function* joined(folder: string, parts: readonly PartRef[]): AsyncIterable<Uint8Array> {
  for (const { number } of parts) {
    const file = await openStored(join(folder, String(number)));
    if (file === undefined) throw new S3Fault('InvalidPart');
    if (file.facts.bytes === 0) await file.close();
    else yield* file.read(0, file.facts.bytes - 1);
  }
}
