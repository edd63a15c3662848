/** The buckets, each a folder of three: its objects, its uploads under way, and files being written, which a start throws away. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bucket, bucketIn } from './bucket.ts';
import { S3Fault } from './fault.ts';
import { type Uploads, uploadsIn } from './uploads.ts';

export interface OpenBucket {
  readonly objects: Bucket;
  readonly uploads: Uploads;
}

export interface Store {
  /** Throws S3Fault InvalidBucketName or BucketAlreadyOwnedByYou. */
  create(bucket: string): Promise<void>;
  /** Throws S3Fault NoSuchBucket. */
  bucket(name: string): Promise<OpenBucket>;
}

/** S3 user guide, "General purpose bucket naming rules". */
const BUCKET_NAME = /^[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$/;

export async function openStore(root: string, now: () => Date): Promise<Store> {
  await mkdir(root, { recursive: true });
  for (const entry of await readdir(root, { withFileTypes: true })) {
    const temporary = join(root, entry.name, 'temporary');
    if (!entry.isDirectory()) continue;
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary);
  }
  const open = new Map<string, OpenBucket>();
  return {
    async create(name) {
      if (!BUCKET_NAME.test(name)) throw new S3Fault('InvalidBucketName');
      try {
        await mkdir(join(root, name));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
        throw new S3Fault('BucketAlreadyOwnedByYou', undefined, { cause });
      }
      for (const folder of ['objects', 'uploads', 'temporary']) await mkdir(join(root, name, folder));
    },
    async bucket(name) {
      const known = open.get(name);
      if (known !== undefined) return known;
      const exists = BUCKET_NAME.test(name) && (await stat(join(root, name)).catch(() => undefined))?.isDirectory();
      if (!exists) throw new S3Fault('NoSuchBucket');
      const [objectFolder = '', uploadFolder = '', temporary = ''] = ['objects', 'uploads', 'temporary'].map((folder) =>
        join(root, name, folder),
      );
      const objects = bucketIn(objectFolder, temporary);
      const opened = { objects, uploads: uploadsIn(objects, uploadFolder, temporary, now) };
      open.set(name, opened);
      return opened;
    },
  };
}
