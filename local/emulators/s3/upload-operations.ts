/** Multipart uploads. */
import { S3Fault } from './fault.ts';
import { described, putOptions, quoted } from './object-operations.ts';
import { emptyReply, type Reply, xmlReply } from './reply.ts';
import { readDocument, type S3Request } from './request.ts';
import type { OpenBucket } from './store.ts';
import type { PartRef } from './uploads.ts';
import { readEntries } from './xml.ts';

/** S3 user guide, "Amazon S3 multipart upload limits". */
const MAX_PARTS = 10_000;

const uploadIdOf = ({ query }: S3Request): string => query.get('uploadId') ?? '';

export async function createUpload({ uploads }: OpenBucket, request: S3Request): Promise<Reply> {
  const uploadId = await uploads.create(described(request));
  return xmlReply('InitiateMultipartUploadResult', { Bucket: request.bucket, Key: request.key, UploadId: uploadId });
}

export async function uploadPart({ uploads }: OpenBucket, request: S3Request): Promise<Reply> {
  const number = readPartNumber(request.query.get('partNumber'));
  const facts = await uploads.putPart(request.key, uploadIdOf(request), number, request.body());
  return emptyReply(200, { etag: quoted(facts.etag) });
}

export async function completeUpload({ uploads }: OpenBucket, request: S3Request): Promise<Reply> {
  const entries = readEntries(await readDocument(request), 'CompleteMultipartUpload', 'Part');
  const parts: PartRef[] = entries.map((entry) => ({
    number: readPartNumber(entry.get('PartNumber')),
    etag: (entry.get('ETag') ?? '').replaceAll('"', ''),
  }));
  if (parts.length === 0) throw new S3Fault('MalformedXML');
  const facts = await uploads.complete(request.key, uploadIdOf(request), parts, putOptions(request));
  return xmlReply('CompleteMultipartUploadResult', {
    Location: `/${request.bucket}/${encodeURIComponent(request.key)}`,
    Bucket: request.bucket,
    Key: request.key,
    ETag: quoted(facts.etag),
  });
}

export async function abortUpload({ uploads }: OpenBucket, request: S3Request): Promise<Reply> {
  await uploads.abort(request.key, uploadIdOf(request));
  return emptyReply(204);
}

function readPartNumber(text = ''): number {
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number < 1 || number > MAX_PARTS)
    throw new S3Fault('InvalidArgument', `The part number is not from 1 to ${MAX_PARTS}.`);
  return number;
}
