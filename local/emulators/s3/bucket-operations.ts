/** Making and listing a bucket, and deleting many of its objects at once. */
import { S3Fault } from './fault.ts';
import { quoted } from './object-operations.ts';
import { emptyReply, type Reply, xmlReply } from './reply.ts';
import { readDocument, type S3Request } from './request.ts';
import type { OpenBucket, Store } from './store.ts';
import { readEntries, type XmlObject } from './xml.ts';

/** Both of a page of a list and of one DeleteObjects (S3 API reference). */
const MAX_KEYS = 1_000;

export async function createBucket(store: Store, { bucket }: S3Request): Promise<Reply> {
  await store.create(bucket);
  return emptyReply(200, { location: `/${bucket}` });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html, without delimiters. */
export async function listObjects(opened: OpenBucket, { bucket, query }: S3Request): Promise<Reply> {
  const prefix = query.get('prefix') ?? '';
  const maxKeys = Math.min(MAX_KEYS, readCount(query.get('max-keys')));
  const token = query.get('continuation-token');
  const after = token === undefined ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
  const { keys, more } = await readPage(opened.objects.keys(prefix, after), maxKeys);
  const next = more ? Buffer.from(keys.at(-1) ?? after).toString('base64url') : undefined;
  const text = query.get('encoding-type') === 'url' ? encodeURIComponent : (key: string) => key;
  return xmlReply('ListBucketResult', {
    Name: bucket,
    Prefix: text(prefix),
    MaxKeys: maxKeys,
    KeyCount: keys.length,
    IsTruncated: more,
    NextContinuationToken: next,
    Contents: await contents(opened, keys, text),
  });
}

function readCount(text = String(MAX_KEYS)): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new S3Fault('InvalidArgument', 'max-keys is not a number from 1.');
  return Number(text);
}

async function readPage(source: AsyncIterable<string>, maxKeys: number): Promise<{ keys: string[]; more: boolean }> {
  const keys: string[] = [];
  for await (const key of source) {
    if (keys.length === maxKeys) return { keys, more: true };
    keys.push(key);
  }
  return { keys, more: false };
}

/** An object that goes while it is listed is left out. */
async function contents(
  { objects }: OpenBucket,
  keys: readonly string[],
  text: (key: string) => string,
): Promise<XmlObject[]> {
  const entries: XmlObject[] = [];
  for (const key of keys) {
    const file = await objects.open(key);
    await file?.close();
    if (file === undefined) continue;
    const { modifiedAt, etag, bytes } = file.facts;
    entries.push({
      Key: text(key),
      LastModified: modifiedAt,
      ETag: quoted(etag),
      Size: bytes,
      StorageClass: 'STANDARD',
    });
  }
  return entries;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export async function deleteObjects({ objects }: OpenBucket, request: S3Request): Promise<Reply> {
  const document = await readDocument(request);
  const keys = readEntries(document, 'Delete', 'Object').map((entry) => entry.get('Key') ?? '');
  if (keys.length === 0 || keys.length > MAX_KEYS || keys.includes('')) throw new S3Fault('MalformedXML');
  for (const key of keys) await objects.remove(key);
  const quiet = /<Quiet>\s*true\s*<\/Quiet>/.test(document);
  return xmlReply('DeleteResult', quiet ? {} : { Deleted: keys.map((Key) => ({ Key })) });
}
