/** Which operation a request asks for. */
import { createBucket, deleteObjects, listObjects } from './bucket-operations.ts';
import { S3Fault } from './fault.ts';
import { deleteObject, getObject, headObject, putObject } from './object-operations.ts';
import { emptyReply, type Reply } from './reply.ts';
import type { S3Request } from './request.ts';
import type { OpenBucket, Store } from './store.ts';
import { abortUpload, completeUpload, createUpload, uploadPart } from './upload-operations.ts';

type Operation = (bucket: OpenBucket, request: S3Request, now: Date) => Promise<Reply>;

/** By method, whether it is about the bucket or an object, and the query parameter that tells operations of the same kind apart. */
// biome-ignore format: a table reads by column
const OPERATIONS: Readonly<Record<string, Operation>> = {
  'HEAD bucket':            async () => emptyReply(200),
  'GET bucket list-type':   listObjects,
  'POST bucket delete':     deleteObjects,
  'PUT object':             putObject,
  'GET object':             getObject,
  'HEAD object':            headObject,
  'DELETE object':          deleteObject,
  'POST object uploads':    createUpload,
  'PUT object uploadId':    uploadPart,
  'POST object uploadId':   completeUpload,
  'DELETE object uploadId': abortUpload,
};

const SELECTORS = ['list-type', 'delete', 'uploads', 'uploadId'];
/** Parameters of these operations. Any other names an operation that is not here, such as `?acl`. */
const PARAMETER =
  /^(x-id|x-amz-.*|response-.*|prefix|max-keys|start-after|continuation-token|encoding-type|fetch-owner|partNumber|list-type|delete|uploads|uploadId)$/i;

/** Does what the request asks. Throws S3Fault. */
export async function operate(store: Store, request: S3Request, now: Date): Promise<Reply> {
  const { method, bucket, key, query } = request;
  const foreign = Array.from(query.keys()).find((name) => !PARAMETER.test(name));
  if (foreign !== undefined) throw new S3Fault('NotImplemented', `The parameter ${foreign}`);
  const words = [method, key === '' ? 'bucket' : 'object', ...SELECTORS.filter((name) => query.has(name))].join(' ');
  if (words === 'PUT bucket') return createBucket(store, request);
  const operation = OPERATIONS[words];
  if (operation === undefined || bucket === '') throw new S3Fault('NotImplemented');
  return operation(await store.bucket(bucket), request, now);
}
